"""What a restored schema refers to, made where the database has no such thing.

In a scratch database, or on a plain PostgreSQL, auth is not there: tables with the keys
that rows refer to, and the functions, take its place.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, text

from rollout import copy_text
from rollout.backup.manifest import Keys, Manifest, OutsideTable

THERE = text("SELECT to_regclass(:name) IS NOT NULL")
FUNCTION_THERE = text("SELECT to_regprocedure(:name) IS NOT NULL")
EXTENSION_THERE = text(
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = :name)"
)


def extensions(connection: Connection, manifest: Manifest, there: Sequence[str]) -> str:
    """SQL that creates the extensions that are missing, where they were."""
    sql = ""
    for name, schema in manifest.extensions:
        if not connection.scalar(EXTENSION_THERE, {"name": name}):
            if schema not in there:
                sql += f'CREATE SCHEMA IF NOT EXISTS "{schema}";\n'
            sql += f'CREATE EXTENSION "{name}" WITH SCHEMA "{schema}";\n'
    return sql


def statements(
    connection: Connection,
    manifest: Manifest,
    there: Sequence[str],
    restored: Collection[str],
) -> str:
    """SQL that makes what is missing; nothing in ``restored``, which comes anyway."""
    schemas = [s for s in manifest.outside_schemas if s not in restored]
    sql = "".join(f'CREATE SCHEMA "{s}";\n' for s in schemas if s not in there)
    for table in manifest.outside_tables:
        quoted = f'"{table.schema}"."{table.name}"'
        if table.schema in schemas and not connection.scalar(THERE, {"name": quoted}):
            sql += _table(quoted, table)
    for function in manifest.outside_functions:
        known = {"name": function.signature}
        if function.schema in schemas and not connection.scalar(FUNCTION_THERE, known):
            sql += f"{function.definition};\n"
    return sql


def roles(connection: Connection, manifest: Manifest) -> list[str]:
    """Statements that create the roles that grants and policies name, where missing."""
    there = set(connection.scalars(text("SELECT rolname FROM pg_catalog.pg_roles")))
    return [
        f'CREATE ROLE "{role.name}" {role.attributes}'
        for role in manifest.roles
        if role.name not in there
    ]


def _table(quoted: str, table: OutsideTable) -> str:
    columns = ", ".join(f"{name} {type_}" for name, type_ in table.columns)
    sql = f"CREATE TABLE {quoted} ({columns});\n"
    sql += f"ALTER TABLE {quoted} ENABLE ROW LEVEL SECURITY;\n"
    for keys in table.keys:
        listed = ", ".join(keys.columns)
        sql += f"ALTER TABLE {quoted} ADD UNIQUE ({listed});\n"
    # Rows come from one set of keys: a second one would make rows of its own.
    if table.keys:
        sql += _rows(quoted, table.keys[0])
    return sql


def _rows(quoted: str, keys: Keys) -> str:
    lines = "".join(copy_text.line(values) for values in keys.values)
    return f"COPY {quoted} ({', '.join(keys.columns)}) FROM STDIN;\n{lines}\\.\n"
