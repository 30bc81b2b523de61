"""How many rows and how long: from statistics and the journal, never by counting."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, text

from rollout.commands.effect import Effects
from rollout.commands.revisions import Revision
from rollout.commands.target import Target

SMALL_MS = 50
"""A revision that only changes the catalog; measured at 20–40 ms on a quiet server."""
ROWS_A_S = 20_000
"""Rows a second of a backfill, two workers, before the journal knows better."""
INDEX_BYTES_A_S = 50_000_000
"""Bytes of table a second for CREATE INDEX CONCURRENTLY, which reads it twice."""

ROWS = text("""
    SELECT CASE WHEN reltuples >= 0 THEN reltuples::bigint
        ELSE pg_catalog.pg_relation_size(oid) / 100 END
    FROM pg_catalog.pg_class WHERE oid = to_regclass(:table)
""")
SIZE = text("SELECT pg_catalog.pg_table_size(to_regclass(:table))")
LOGGED = """
    SELECT DISTINCT ON (migration_file) migration_file, execution_time_ms
    FROM {log} WHERE success AND execution_time_ms IS NOT NULL
        AND (operation = 'ROLLBACK') = :down
    ORDER BY migration_file, executed_at DESC
"""


@dataclass(frozen=True)
class Duration:
    """Milliseconds, and whether an earlier run or a rule of thumb says so."""

    ms: int
    source: str


def rows(connection: Connection, tables: Iterable[str]) -> int:
    """Rows of ``tables`` by statistics; a table that is not there has none."""
    return sum(int(connection.scalar(ROWS, {"table": table}) or 0) for table in tables)


def journal(target: Target, connection: Connection, *, up: bool) -> dict[str, int]:
    """Revision file → milliseconds of its last successful run in this direction."""
    log = target.option("log_table")
    if not re.fullmatch(r"[\w.]+", log):
        return {}
    if not connection.scalar(
        text("SELECT to_regclass(:log) IS NOT NULL"), {"log": log}
    ):
        return {}
    found = connection.execute(text(LOGGED.format(log=log)), {"down": not up})
    return {row.migration_file: row.execution_time_ms for row in found}


def duration(
    connection: Connection,
    revision: Revision,
    effects: Effects,
    before: dict[str, int],
) -> Duration:
    """How long ``revision`` will probably take."""
    if (ms := before.get(revision.path.name)) is not None:
        return Duration(ms, "journal")
    seconds = rows(connection, effects.sources) / ROWS_A_S
    for table in effects.indexed:
        size = connection.scalar(SIZE, {"table": table}) or 0
        seconds += int(size) / INDEX_BYTES_A_S
    return Duration(SMALL_MS + round(seconds * 1000), "estimate")
