"""Constraints that hold for new rows only: NOT VALID."""

from rollout.checks.context import Context
from rollout.checks.finding import Finding, Item, judge

TITLE = "constraints that were never validated"

# NOT ENFORCED (PostgreSQL 18) is a decision, not a step left out.
QUERY = """
    SELECT n.nspname, c.relname, k.conname, k.conrelid::regclass::text AS relation,
        quote_ident(k.conname) AS name, pg_get_constraintdef(k.oid) AS definition
    FROM pg_constraint AS k
    JOIN pg_class AS c ON c.oid = k.conrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE NOT k.convalidated AND n.nspname = ANY (:schemas)
        AND coalesce(to_jsonb(k) ->> 'conenforced', 'true') = 'true'
    ORDER BY 4, 5
"""


def run(context: Context) -> list[Finding]:
    """Look for convalidated = false."""
    items = [
        Item(
            f"{row.relation} {row.name}: {row.definition}",
            f"ALTER TABLE {row.relation} VALIDATE CONSTRAINT {row.name};",
            context.is_ours(row.nspname, row.relname),
        )
        for row in context.rows(QUERY, schemas=context.schemas)
    ]
    return judge(items, fine="all validated", bad="not validated", theirs="PASS")
