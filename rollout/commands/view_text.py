"""Views as the SQL that makes them again: text, options, owner, grants, comments."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from rollout.errors import RolloutError
from rollout.sqltext import verbatim

DEPENDING = text("""
    WITH RECURSIVE over AS (
        SELECT r.ev_class AS oid, 1 AS depth
        FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_rewrite AS r ON r.oid = d.objid
        WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
            AND d.refobjid = to_regclass(:table) AND r.ev_class <> d.refobjid
        UNION
        SELECT r.ev_class, over.depth + 1
        FROM over
        JOIN pg_catalog.pg_depend AS d ON d.refobjid = over.oid
            AND d.refclassid = 'pg_class'::regclass
            AND d.classid = 'pg_rewrite'::regclass
        JOIN pg_catalog.pg_rewrite AS r
            ON r.oid = d.objid AND r.ev_class <> over.oid
    )
    SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name,
        c.relkind::text AS kind,
        array_to_string(c.reloptions, ', ') AS options,
        pg_get_userbyid(c.relowner) AS owner,
        pg_get_viewdef(c.oid) AS definition, max(over.depth) AS depth
    FROM over JOIN pg_catalog.pg_class AS c ON c.oid = over.oid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    GROUP BY c.oid, n.nspname, c.relname ORDER BY max(over.depth), 2
""")
GRANTS = text("""
    SELECT format('GRANT %s%s ON %s TO %s%s', g.privilege_type, held.columns, :name,
        CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END,
        CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM (
        SELECT c.relacl AS acl, c.relowner AS owner, '' AS columns
        FROM pg_catalog.pg_class AS c WHERE c.oid = :oid
        UNION ALL
        SELECT a.attacl, c.relowner, format(' (%I)', a.attname)
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.oid = :oid AND a.attacl IS NOT NULL
    ) AS held, aclexplode(held.acl) AS g
    WHERE g.grantee <> held.owner ORDER BY 1
""")
COMMENTS = text("""
    SELECT CASE d.objsubid
        WHEN 0 THEN format('COMMENT ON VIEW %s IS %L', :name, description)
        ELSE format('COMMENT ON COLUMN %s.%I IS %L', :name, a.attname, description) END
    FROM pg_catalog.pg_description AS d
    LEFT JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid = d.objoid AND a.attnum = d.objsubid AND d.objsubid > 0
    WHERE d.classoid = 'pg_class'::regclass AND d.objoid = :oid ORDER BY d.objsubid
""")
TRIGGERS = text("""
    SELECT pg_get_triggerdef(oid) FROM pg_catalog.pg_trigger
    WHERE tgrelid = :oid AND NOT tgisinternal ORDER BY tgname
""")
DEFAULTS = text("""
    SELECT format('ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s', :name, a.attname,
        pg_get_expr(d.adbin, d.adrelid))
    FROM pg_catalog.pg_attrdef AS d JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE d.adrelid = :oid ORDER BY a.attnum
""")
GRANTEES = text("""
    SELECT DISTINCT
        CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END
    FROM pg_catalog.pg_class AS c, aclexplode(c.relacl) AS g
    WHERE c.oid = CAST(:name AS regclass) AND g.grantee <> c.relowner
""")
SEARCH_PATH = text("SELECT set_config('search_path', :path, true)")


@dataclass(frozen=True)
class View:
    """A view's name, and the statements that make it again."""

    name: str
    statements: list[str]


def depending(connection: Connection, table: str) -> list[View]:
    """The views over ``table``, also over such views; those below come first.

    Raises:
        RolloutError: One is a materialized view, whose rows would be lost.
    """
    path = connection.scalar(text("SELECT current_setting('search_path')"))
    connection.execute(SEARCH_PATH, {"path": ""})  # names are then written out in full
    try:
        rows = connection.execute(DEPENDING, {"table": table}).all()
        return [View(row.name, _statements(connection, row, table)) for row in rows]
    finally:
        connection.execute(SEARCH_PATH, {"path": path})


def _statements(connection: Connection, row: Any, table: str) -> list[str]:
    if row.kind != "v":
        raise RolloutError(
            f"{row.name} depends on {table} and is no plain view.\n"
            "Nothing was changed.\n"
            "A materialized view's rows would be lost. Drop it yourself first:\n"
            f"    DROP MATERIALIZED VIEW {row.name};"
        )
    values = {"oid": row.oid, "name": row.name}
    options = f" WITH ({row.options})" if row.options else ""
    found = [f"CREATE VIEW {row.name}{options} AS {row.definition.rstrip(';')}"]
    for query in (DEFAULTS, COMMENTS, TRIGGERS, GRANTS):
        used = {k: v for k, v in values.items() if f":{k}" in query.text}
        found += connection.scalars(query, used)
    user = connection.scalar(text("SELECT current_user"))
    if row.owner != user:
        found.append(f'ALTER VIEW {row.name} OWNER TO "{row.owner}"')
    return found


def make_again(connection: Connection, views: list[str], statements: list[str]) -> None:
    """Run what :func:`depending` returned, freed of what default privileges add."""
    for statement in statements:
        connection.execute(verbatim(statement))
        if not statement.startswith("CREATE VIEW "):
            continue
        (name,) = (
            view for view in views if statement.startswith(f"CREATE VIEW {view} ")
        )
        for role in connection.scalars(GRANTEES, {"name": name}).all():
            connection.exec_driver_sql(f"REVOKE ALL ON {name} FROM {role}")
