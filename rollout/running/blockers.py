"""Who is in the way of a lock: its holders, and those who make a session wait."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Row, text

CONFLICTS = {
    "SHARE UPDATE EXCLUSIVE": (
        "ShareUpdateExclusiveLock",
        "ShareLock",
        "ShareRowExclusiveLock",
        "ExclusiveLock",
        "AccessExclusiveLock",
    ),
    "SHARE ROW EXCLUSIVE": (
        "RowExclusiveLock",
        "ShareUpdateExclusiveLock",
        "ShareLock",
        "ShareRowExclusiveLock",
        "ExclusiveLock",
        "AccessExclusiveLock",
    ),
    "ACCESS EXCLUSIVE": (
        "AccessShareLock",
        "RowShareLock",
        "RowExclusiveLock",
        "ShareUpdateExclusiveLock",
        "ShareLock",
        "ShareRowExclusiveLock",
        "ExclusiveLock",
        "AccessExclusiveLock",
    ),
}
"""Modes that the layer asks for, and the held modes that stand in their way.

Source: PostgreSQL manual, "Explicit Locking", table 13.2.
"""
HELD_ON = """
    l.locktype = 'relation' AND l.granted
        AND l.database = (
            SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()
        )
        AND l.relation = ANY (
            SELECT to_regclass(name) FROM unnest(CAST(:tables AS text[])) AS name
        )
        AND l.pid IS DISTINCT FROM pg_backend_pid()
"""
"""Condition on pg_locks AS l: somebody else's locks on ``:tables`` of this database."""
SESSION = """
    a.pid, a.usename AS "user", a.application_name AS application, a.state,
        extract(epoch FROM clock_timestamp() - a.xact_start) AS age_s,
        left(a.query, 100) AS query, a.backend_type
"""
BLOCKERS = text(f"""
    SELECT DISTINCT {SESSION}
    FROM pg_catalog.pg_locks AS l
    LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
    WHERE {HELD_ON} AND l.mode = ANY (CAST(:modes AS text[]))
    ORDER BY age_s DESC NULLS LAST
    LIMIT 10
""")
BLOCKING = text(f"""
    SELECT {SESSION}
    FROM unnest(pg_blocking_pids(:pid)) AS blocking (pid)
    LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = blocking.pid
    ORDER BY age_s DESC NULLS LAST
    LIMIT 10
""")


def in_the_way(connection: Connection, tables: Sequence[str], mode: str) -> list[str]:
    """One line a session that holds a lock in conflict with ``mode`` on ``tables``."""
    rows = connection.execute(
        BLOCKERS, {"tables": list(tables), "modes": list(CONFLICTS[mode])}
    )
    return [_session(row) for row in rows]


@contextmanager
def who_blocks(connection: Connection) -> Iterator[list[str]]:
    """Collect, from beside, who makes ``connection`` wait during the block.

    For locks on rows: pg_locks does not show who holds them, only who waits for whom.
    """
    pid = connection.scalar(text("SELECT pg_backend_pid()"))
    seen: list[str] = []
    ended = threading.Event()
    watcher = threading.Thread(
        target=_watch, args=(connection.engine, pid, seen, ended), daemon=True
    )
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


def _watch(engine: Engine, pid: int, seen: list[str], ended: threading.Event) -> None:
    with engine.connect() as beside:
        while not seen and not ended.wait(0.005):
            rows = beside.execute(BLOCKING, {"pid": pid}).all()
            beside.rollback()
            seen.extend(_session(row) for row in rows)


def _session(row: Row[Any]) -> str:
    if row.pid is None:
        return "a prepared transaction (pg_prepared_xacts)"
    return (
        f"pid {row.pid}, user {row.user or row.backend_type}, "
        f"application {row.application or '-'}, {row.state or 'active'}, "
        f"transaction open for {row.age_s or 0:.1f} s: "
        f"{' '.join((row.query or '').split())}"
    )
