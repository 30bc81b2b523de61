"""Tables with row level security but no policy: closed, which may not be meant."""

from rollout.checks.context import Context
from rollout.checks.finding import Finding, Item, judge

TITLE = "tables with row level security and no policy"

QUERY = """
    SELECT n.nspname, c.relname, c.oid::regclass::text AS relation, (
        SELECT string_agg(DISTINCT g.grantee::regrole::text, ', ')
        FROM aclexplode(c.relacl) AS g
        WHERE g.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
            AND g.grantee IN (
                SELECT oid FROM pg_roles
                WHERE rolname = ANY (:roles) AND NOT rolbypassrls
            )
    ) AS granted
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity AND n.nspname = ANY (:schemas)
        AND NOT EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid)
    ORDER BY 3
"""


def run(context: Context) -> list[Finding]:
    """A grant without a policy contradicts itself; without one, the table is closed."""
    rows = context.rows(QUERY, schemas=context.exposed, roles=context.api_roles)
    items = [
        Item(
            f"{row.relation}: granted to {row.granted}, who see no row of it",
            f"REVOKE ALL ON {row.relation} FROM {row.granted};",
            context.is_ours(row.nspname, row.relname),
        )
        for row in rows
        if row.granted
    ]
    found = judge(
        items, fine="every open table has a policy", bad="open without a policy",
        ours="WARN", theirs="PASS",
    )  # fmt: skip
    closed = tuple(f"closed: {row.relation}" for row in rows if not row.granted)
    first = found[0]
    return [
        Finding(first.status, first.summary, first.details + closed, first.remedy),
        *found[1:],
    ]
