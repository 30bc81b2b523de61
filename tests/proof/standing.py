"""What a database holds: its catalog, its rows, and what a migration left lying about.

Two databases that were migrated the same way, one disturbed, stand the same.
"""

import re

import sqlalchemy as sa

from rollout.catalog import diff, snapshot

SCHEMAS = ("public", "auth", "parked", "migrations")
TABLES = """
    SELECT c.oid::regclass::text, n.nspname, c.relname
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname IN ('public', 'auth', 'parked', 'migrations')
"""
VOLATILE = {
    "schema_versions": ("id", "applied_at", "execution_time_ms"),
    "migration_log": ("id", "executed_at", "execution_time_ms"),
    "backfill_rejects": ("id", "rejected_at"),
}
"""Columns that differ between any two runs."""
LATER = re.compile(r'"20(?:2[5-9]|[3-9]\d)-\d\d-\d\dT[^"]+"')
LOCKS = """
    SELECT count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND database = (
        SELECT oid FROM pg_database WHERE datname = current_database()
    )
"""

Standing = dict[str, dict[str, dict[str, str]]]


def standing(url: str) -> Standing:
    """Catalog and rows of a database, as text."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        rows = {
            name: _rows(connection, name, table)
            for name, _, table in connection.execute(sa.text(TABLES))
        }
        advisory = {"count": str(connection.scalar(sa.text(LOCKS)))}
        catalog = snapshot(connection, SCHEMAS)
    return {"catalog": catalog, "rows": rows, "locks": {"advisory": advisory}}


def _rows(connection: sa.Connection, name: str, table: str) -> dict[str, str]:
    """Each row as JSON, by its text; numbered where there are several alike."""
    where = "WHERE success" if table == "migration_log" else ""
    drop = ", ".join(f"'{column}'" for column in VOLATILE.get(table, ()))
    found = connection.scalars(
        sa.text(f"SELECT (to_jsonb(t) - ARRAY[{drop}]::text[])::text FROM {name} AS t {where}")
    )
    texts = sorted(LATER.sub('"<now>"', row) for row in found)
    return {f"{number} {text}": "" for number, text in enumerate(texts)}


def differences(expected: Standing, found: Standing) -> list[str]:
    """Readable lines on how ``found`` differs; empty if it does not."""
    lines = diff(expected["catalog"], found["catalog"])
    for part in ("rows", "locks"):
        lines += diff(expected[part], found[part])
    return lines
