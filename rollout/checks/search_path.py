"""Functions whose names others can redirect: no search_path of their own."""

from rollout.checks.context import Context
from rollout.checks.finding import Finding, Item, judge

TITLE = "functions with an open search_path"

QUERY = """
    SELECT n.nspname, p.proname, p.oid::regprocedure::text AS function, p.prosecdef
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = ANY (:schemas) AND p.prokind IN ('f', 'p')
        AND NOT EXISTS (
            SELECT FROM unnest(p.proconfig) AS setting
            WHERE setting LIKE 'search\\_path=%'
        )
        AND NOT EXISTS (
            SELECT FROM pg_depend AS e
            WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid
                AND e.deptype = 'e'
        )
    ORDER BY 3
"""


def run(context: Context) -> list[Finding]:
    """Ours must have one; of the others those that run as their owner are told."""
    rows = [
        (row, context.is_our_function(row.nspname, row.proname))
        for row in context.rows(QUERY, schemas=context.schemas)
    ]
    items = [
        Item(
            f"{row.function}{': runs as its owner' if row.prosecdef else ''}",
            f"ALTER ROUTINE {row.function} SET search_path = '';",
            ours,
        )
        for row, ours in rows
        if ours or row.prosecdef
    ]
    return judge(items, fine="all closed", bad="with an open search_path")
