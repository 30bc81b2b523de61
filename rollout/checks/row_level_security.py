"""Tables that the API serves without asking whose rows they are."""

from rollout.checks.context import Context
from rollout.checks.finding import Finding, Item, judge

TITLE = "tables in exposed schemas without row level security"

QUERY = """
    SELECT n.nspname, c.relname, c.oid::regclass::text AS relation,
        (SELECT count(*) FROM pg_policy AS p WHERE p.polrelid = c.oid) AS policies
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
        AND n.nspname = ANY (:schemas)
        AND NOT EXISTS (
            SELECT FROM pg_depend AS e
            WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid
                AND e.deptype = 'e'
        )
    ORDER BY 3
"""


def run(context: Context) -> list[Finding]:
    """Look for relrowsecurity = false; tables of extensions are left out."""
    items = [
        Item(
            f"{row.relation} ({row.policies} policies, none in force)",
            f"ALTER TABLE {row.relation} ENABLE ROW LEVEL SECURITY;",
            context.is_ours(row.nspname, row.relname),
        )
        for row in context.rows(QUERY, schemas=context.exposed)
    ]
    return judge(items, fine="on everywhere", bad="without row level security")
