"""Views that run as their owner, past the reader's row level security."""

from rollout.checks.context import Context
from rollout.checks.finding import Finding, Item, judge

TITLE = "views that run as their owner"

# A materialized view cannot respect row level security at all.
QUERY = """
    SELECT n.nspname, c.relname, c.oid::regclass::text AS relation, c.relkind, (
        SELECT string_agg(role, ', ') FROM unnest(CAST(:roles AS text[])) AS role
        WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = role)
            AND has_table_privilege(role, c.oid, 'SELECT')
    ) AS readers
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY (:schemas) AND c.relkind IN ('v', 'm')
        AND NOT EXISTS (
            SELECT FROM pg_options_to_table(c.reloptions)
            WHERE option_name = 'security_invoker' AND option_value::boolean
        )
        AND NOT EXISTS (
            SELECT FROM pg_depend AS e
            WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid
                AND e.deptype = 'e'
        )
    ORDER BY 3
"""
MEND = {
    "v": "ALTER VIEW {} SET (security_invoker = true);",
    "m": "REVOKE ALL ON {} FROM PUBLIC, {};",
}


def run(context: Context) -> list[Finding]:
    """Look for views in exposed schemas without security_invoker."""
    roles = context.api_roles
    rows = context.rows(QUERY, schemas=context.exposed, roles=roles)
    items = [
        Item(
            f"{row.relation}: read by {row.readers or 'no API role'}",
            MEND[row.relkind].format(row.relation, ", ".join(roles)),
            context.is_ours(row.nspname, row.relname),
        )
        for row in rows
        if row.readers or row.relkind == "v"
    ]
    return judge(items, fine="none", bad="run as their owner")
