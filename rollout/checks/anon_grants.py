"""What a request without a signed-in user may touch: nothing of ours."""

from rollout.checks.context import Context
from rollout.checks.finding import Finding, Item, judge

TITLE = "rights of the anonymous role, TRUNCATE of any API role"

# Columns have rights of their own, which REVOKE on the table takes back as well.
RELATIONS = """
    SELECT n.nspname, c.relname, c.oid::regclass::text AS relation, c.relkind,
        CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END AS grantee,
        string_agg(DISTINCT g.privilege_type, ', ') AS rights
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (
        SELECT * FROM aclexplode(c.relacl)
        UNION ALL
        SELECT e.* FROM pg_attribute AS a CROSS JOIN LATERAL aclexplode(a.attacl) AS e
        WHERE a.attrelid = c.oid AND a.attacl <> '{}'
    ) AS g
    LEFT JOIN pg_roles AS r ON r.oid = g.grantee
    WHERE n.nspname = ANY (:schemas) AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        AND (
            g.grantee = 0 OR r.rolname = :anonymous
            OR r.rolname = ANY (:roles) AND g.privilege_type = 'TRUNCATE'
        )
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 3, 5
"""
SCHEMAS = """
    SELECT quote_ident(n.nspname) AS name,
        CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END AS grantee,
        g.privilege_type AS right
    FROM pg_namespace AS n
    CROSS JOIN LATERAL aclexplode(n.nspacl) AS g
    LEFT JOIN pg_roles AS r ON r.oid = g.grantee
    WHERE n.nspname IN ('migrations', 'parked')
        AND (g.grantee = 0 OR r.rolname = ANY (:roles))
    ORDER BY 1, 2, 3
"""


def run(context: Context) -> list[Finding]:
    """Look at tables, columns, views and sequences, and at the closed schemas."""
    roles = context.api_roles
    schemas = [s for s in context.schemas if s not in ("migrations", "parked")]
    rows = context.rows(
        RELATIONS, schemas=schemas, roles=roles, anonymous=next(iter(roles), "")
    )
    items = [
        Item(
            f"{row.relation}: {row.grantee} {row.rights}",
            f"REVOKE {row.rights if row.rights == 'TRUNCATE' else 'ALL'} ON "
            f"{'SEQUENCE ' if row.relkind == 'S' else ''}{row.relation}"
            f" FROM {row.grantee};",
            context.is_ours(row.nspname, row.relname),
        )
        for row in rows
    ]
    items += [
        Item(
            f"schema {row.name}: {row.grantee} {row.right}",
            f"REVOKE ALL ON SCHEMA {row.name} FROM {row.grantee};",
        )
        for row in context.rows(SCHEMAS, roles=[*roles, "service_role"])
    ]
    return judge(items, fine="none", bad="too many", theirs="PASS")
