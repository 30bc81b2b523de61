"""Default privileges, out of the way while a backup is restored.

An older Supabase project grants everything new in public to its API's roles. A restored
table would get that on top of the grants that were saved: more than it had.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, text

DEFAULTS = text("""
    SELECT format('IN SCHEMA %I', n.nspname) AS place,
        CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES'
            WHEN 'f' THEN 'FUNCTIONS' ELSE 'TYPES' END AS kind,
        acl.privilege_type AS privilege,
        CASE acl.grantee WHEN 0 THEN 'PUBLIC'
            ELSE quote_ident(pg_get_userbyid(acl.grantee)) END AS grantee,
        CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS option
    FROM pg_catalog.pg_default_acl AS d
    JOIN pg_catalog.pg_namespace AS n ON n.oid = d.defaclnamespace
    CROSS JOIN LATERAL aclexplode(d.defaclacl) AS acl
    WHERE pg_get_userbyid(d.defaclrole) = current_user
        AND n.nspname = ANY (CAST(:schemas AS text[]))
    ORDER BY 1, 2, 4, 3
""")


def without_default_grants(
    connection: Connection, schemas: Sequence[str]
) -> tuple[str, str]:
    """SQL that takes this role's default privileges away, and gives them back."""
    before, after = "", ""
    for row in connection.execute(DEFAULTS, {"schemas": list(schemas)}):
        alter = f"ALTER DEFAULT PRIVILEGES {row.place}"
        what = f"{row.privilege} ON {row.kind}"
        before += f"{alter} REVOKE {what} FROM {row.grantee};\n"
        after += f"{alter} GRANT {what} TO {row.grantee}{row.option};\n"
    return before, after
