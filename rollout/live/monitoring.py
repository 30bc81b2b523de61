"""What goes on in a database while a migration runs: read in one short transaction."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from rollout.bookkeeping import SCHEMA
from rollout.checks.context import Context
from rollout.commands import state
from rollout.commands.target import Target
from rollout.live import sessions
from rollout.live.sessions import Session

TIMEOUT_MS = 2_000
"""For one statement: watching must not be what makes the server slow."""
MOST_TABLES = 12

BEGIN = f"""
    SET LOCAL transaction_read_only = on;
    SET LOCAL search_path = '';
    SET LOCAL statement_timeout = '{TIMEOUT_MS}ms'
"""
INDEXES = text("""
    SELECT p.pid, coalesce(p.index_relid::regclass::text, '(not named yet)') AS name,
        p.relid::regclass::text AS relation, p.phase,
        p.blocks_done, p.blocks_total, p.tuples_done, p.tuples_total,
        p.lockers_done, p.lockers_total
    FROM pg_catalog.pg_stat_progress_create_index AS p
    WHERE p.datname = current_database() ORDER BY p.pid
""")
BACKFILLS = text("""
    SELECT revision, name, sum(rows_done)::bigint AS rows,
        sum(row_count)::bigint AS total, bool_or(range_no = 0) AS listed
    FROM migrations.backfill_progress
    GROUP BY revision, name HAVING NOT bool_and(done) ORDER BY revision, name
""")
# The specification's "Monitoring During Migration", without taking the tables' locks.
TABLES = text("""
    SELECT schemaname || '.' || relname AS relation, n_tup_ins AS inserts,
        n_tup_upd AS updates, n_tup_del AS deletes
    FROM pg_catalog.pg_stat_user_tables
    WHERE schemaname = ANY (CAST(:schemas AS text[]))
    ORDER BY n_tup_ins + n_tup_upd + n_tup_del DESC, 1 LIMIT :most
""")
CONNECTIONS = text("""
    SELECT coalesce(state, 'not shown') AS state, count(*) AS number
    FROM pg_catalog.pg_stat_activity
    WHERE backend_type = 'client backend' OR backend_type IS NULL
    GROUP BY 1 ORDER BY 2 DESC
""")


@dataclass(frozen=True)
class Sample:
    """One look."""

    at: dt.datetime
    current: str | None
    pending: int
    unfinished: list[dict[str, Any]]
    holder: dict[str, Any] | None
    sessions: list[Session]
    indexes: list[dict[str, Any]]
    backfills: list[dict[str, Any]]
    tables: list[dict[str, Any]]
    connections: dict[str, int]
    max_connections: int = 0
    rates: dict[str, float] = field(default_factory=dict)
    """Rows a second since the look before: of backfills and of tables."""

    @property
    def validating(self) -> list[Session]:
        """Sessions that validate a constraint; the server shows no progress for it."""
        return [
            session
            for session in self.sessions
            if session.state == "active"
            and "VALIDATE CONSTRAINT" in (session.query or "").upper()
        ]


def look(
    target: Target, connection: Connection, before: Sample | None = None
) -> Sample:
    """Read it all; waits for no lock, and ends its transaction."""
    connection.rollback()
    connection.exec_driver_sql(BEGIN)
    standing = state.read(target, connection)
    has_backfills = connection.scalar(state.BOOKKEEPING)
    schemas = [s for s in Context(target, connection).schemas if s != SCHEMA]
    now = connection.scalar(text("SELECT clock_timestamp()"))
    assert now is not None
    values = {"schemas": schemas, "most": MOST_TABLES}
    limit = text("SELECT current_setting('max_connections')::int")
    sample = Sample(
        at=now,
        current=standing.current.revision if standing.current else None,
        pending=len(standing.pending),
        unfinished=standing.unfinished,
        holder=standing.holder,
        sessions=sessions.sessions(connection),
        indexes=state.rows(connection, INDEXES),
        backfills=state.rows(connection, BACKFILLS) if has_backfills else [],
        tables=state.rows(connection, TABLES, **values),
        connections={
            row["state"]: row["number"] for row in state.rows(connection, CONNECTIONS)
        },
        max_connections=connection.scalar(limit) or 0,
    )
    connection.commit()  # a rollback would count in pg_stat_database
    if before is not None:
        sample.rates.update(_rates(before, sample))
    return sample


def _counts(sample: Sample) -> dict[str, int]:
    """What rates are computed from."""
    rows = {backfill_key(row): row["rows"] for row in sample.backfills}
    for row in sample.tables:
        rows[row["relation"]] = row["inserts"] + row["updates"] + row["deletes"]
    return rows


def backfill_key(row: dict[str, Any]) -> str:
    """A backfill's name among the rates."""
    return f"backfill {row['revision']} {row['name']}"


def _rates(before: Sample, after: Sample) -> dict[str, float]:
    passed_s = (after.at - before.at).total_seconds()
    old = _counts(before)
    if passed_s <= 0:
        return {}
    return {
        name: (rows - old[name]) / passed_s
        for name, rows in _counts(after).items()
        if name in old
    }
