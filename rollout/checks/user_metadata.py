"""Policies that believe what users say about themselves."""

from rollout.checks.context import Context
from rollout.checks.finding import Finding, Item, judge

TITLE = "policies that read user_metadata, which users write"

QUERY = """
    SELECT n.nspname, c.relname, c.oid::regclass::text AS relation,
        quote_ident(p.polname) AS name
    FROM pg_policy AS p
    JOIN pg_class AS c ON c.oid = p.polrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY (:schemas) AND concat_ws(
        ' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
    ) ~* 'user_meta_?data'
    ORDER BY 3, 4
"""


def run(context: Context) -> list[Finding]:
    """Look for user_metadata and raw_user_meta_data in the policies' texts."""
    items = [
        Item(
            f"{row.relation} {row.name}",
            f"DROP POLICY {row.name} ON {row.relation}; -- anew on app_metadata",
            context.is_ours(row.nspname, row.relname),
        )
        for row in context.rows(QUERY, schemas=context.schemas)
    ]
    return judge(items, fine="none does", bad="read user_metadata")
