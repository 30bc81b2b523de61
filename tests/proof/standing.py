"""What a database holds: its catalog, its rows, and what a migration left lying about.

Two databases that were migrated the same way, one disturbed, stand the same.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from rollout.catalog import diff, snapshot

SCHEMAS = """
    SELECT nspname FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1
"""
TABLES = """
    SELECT c.oid::regclass::text, c.relname
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname = ANY (:schemas)
"""
VOLATILE = {
    "schema_versions": ("id", "applied_at", "execution_time_ms"),
    "migration_log": ("id", "executed_at", "execution_time_ms"),
    "backfill_rejects": ("id", "rejected_at"),
}
"""Columns that differ between any two runs."""
LOG = "migration_log"
"""Failures are in it, and one row more for every turn up and down."""
LATER = re.compile(r'"20(?:2[5-9]|[3-9]\d)-\d\d-\d\dT[^"]+"')
LEFT_BEHIND = {
    "advisory locks": """
        SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (
            SELECT oid FROM pg_database WHERE datname = current_database()
        )""",
    "holder of the lock": """
        SELECT count(*) FROM migrations.migration_locks WHERE locked_by IS NOT NULL""",
    "invalid indexes": "SELECT count(*) FROM pg_index WHERE NOT indisvalid",
    "unfinished": "SELECT count(*) FROM migrations.unfinished",
    "progress": "SELECT count(*) FROM migrations.backfill_progress",
}

Standing = dict[str, dict[str, dict[str, str]]]


_kept: dict[str, sa.Connection] = {}


@contextmanager
def staying(url: str) -> Iterator[None]:
    """Look at ``url`` by one connection in the block: it knows the catalog already."""
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        _kept[url] = connection
        try:
            yield
        finally:
            del _kept[url]


@contextmanager
def _looking(url: str) -> Iterator[sa.Connection]:
    """A connection that leaves no transaction open."""
    if url in _kept:
        with _kept[url].begin():
            yield _kept[url]
        return
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        yield connection


def standing(url: str) -> Standing:
    """Catalog and rows of a database, as text."""
    with _looking(url) as connection:
        schemas = [str(name) for name in connection.scalars(sa.text(SCHEMAS))]
        tables = connection.execute(sa.text(TABLES), {"schemas": schemas}).all()
        return {
            "rows": {name: rows_of(connection, name, table) for name, table in tables},
            "catalog": snapshot(connection, schemas),
        }


def rows_of(connection: sa.Connection, name: str, table: str) -> dict[str, str]:
    """Each row of table ``name`` as JSON, numbered in order."""
    drop = ", ".join(f"'{column}'" for column in VOLATILE.get(table, ()))
    where, distinct = ("WHERE success", "DISTINCT") if table == LOG else ("", "")
    found = connection.scalars(
        sa.text(
            f"SELECT {distinct} (to_jsonb(t) - ARRAY[{drop}]::text[])::text "
            f"FROM {name} AS t {where}"
        )
    )
    texts = sorted(LATER.sub('"<now>"', row) for row in found)
    return {f"{number} {text}": "" for number, text in enumerate(texts)}


def rows_of_query(url: str, query: str) -> list[tuple[object, ...]]:
    """What a query returns."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def differences(expected: Standing, found: Standing) -> list[str]:
    """Readable lines on how ``found`` differs; empty if it does not."""
    return diff(expected["catalog"], found["catalog"]) + diff(
        expected["rows"], found["rows"]
    )


def left_behind(url: str) -> list[str]:
    """What an interrupted run left that the next one should have cleared away."""
    with _looking(url) as connection:
        counts = {
            what: connection.scalar(sa.text(query))
            for what, query in LEFT_BEHIND.items()
        }
    return [f"left behind: {n} {what}" for what, n in counts.items() if n]
