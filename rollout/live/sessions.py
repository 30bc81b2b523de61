"""Who is connected, how long their transactions are open, and who waits for whom."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from rollout.bookkeeping.runner_lock import KEY

# Another user's session shows only its pid to a role without pg_read_all_stats.
SESSIONS = text("""
    SELECT a.pid, a.usename AS "user", a.application_name AS application,
        coalesce(a.backend_type, 'unknown') AS kind, a.state, a.datname AS database,
        extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS open_s,
        extract(epoch FROM clock_timestamp() - a.state_change)::float8 AS since_s,
        extract(epoch FROM clock_timestamp() - a.query_start)::float8 AS query_s,
        left(regexp_replace(a.query, '\\s+', ' ', 'g'), 200) AS query,
        CASE WHEN a.wait_event_type = 'Lock' THEN pg_blocking_pids(a.pid)
            ELSE '{}'::int4[] END AS blockers,
        a.wait_event_type AS waits_for, a.backend_start AS started,
        EXISTS (
            SELECT FROM pg_catalog.pg_locks AS l
            WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.granted
                AND l.objsubid = 1
                AND (l.classid::bigint << 32 | l.objid::bigint) = :key
        ) AS is_runner
    FROM pg_catalog.pg_stat_activity AS a
    WHERE a.pid <> pg_backend_pid()
        AND (a.datname IS NULL OR a.datname = current_database())
    ORDER BY a.xact_start, a.pid
""")


@dataclass(frozen=True)
class Session:
    """One server process. Times are seconds; None is not known, or not applicable."""

    pid: int
    user: str | None
    application: str | None
    kind: str
    state: str | None
    database: str | None
    open_s: float | None
    since_s: float | None
    query_s: float | None
    query: str | None
    blockers: list[int]
    waits_for: str | None
    started: object
    is_runner: bool

    def told(self) -> str:
        """One line for people."""
        who = f"pid {self.pid}, {self.user or self.kind}"
        if self.application:
            who += f" ({self.application})"
        open_ = f", open for {duration(self.open_s)}" if self.open_s is not None else ""
        query = f": {self.query}" if self.query else ""
        return f"{who}, {self.state or 'state not shown'}{open_}{query}"


def sessions(connection: Connection) -> list[Session]:
    """All other sessions of this database, and the server's own processes."""
    rows = connection.execute(SESSIONS, {"key": KEY}).mappings()
    return [Session(**row) for row in rows]


def duration(seconds: float) -> str:
    """A time for people: 0.4 s, 12 s, 3 min, 2.5 h."""
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def tree(found: Sequence[Session]) -> list[str]:
    """Who blocks whom, one line a session, indented below the one it waits for."""
    known = {session.pid: session for session in found}
    waiting = [session for session in found if session.blockers]
    roots = {pid for s in waiting for pid in s.blockers} - {s.pid for s in waiting}
    # In a deadlock nobody is first, until the server ends one of them.
    begin = sorted(roots) or [waiting[0].pid] if waiting else []
    lines: list[str] = []
    for pid in begin:
        _branch(pid, 0, known, waiting, lines, seen=set())
    return lines


def _branch(
    pid: int, depth: int, known: dict[int, Session], waiting: list[Session],
    lines: list[str], seen: set[int],
) -> None:  # fmt: skip
    session = known.get(pid)
    told = session.told() if session else _unknown(pid)
    lines.append(f"{'  ' * depth}{'waits: ' if depth else ''}{told}")
    seen.add(pid)
    for other in waiting:
        if pid in other.blockers and other.pid not in seen:
            _branch(other.pid, depth + 1, known, waiting, lines, seen)


def _unknown(pid: int) -> str:
    if pid == 0:  # what pg_blocking_pids says of a prepared transaction
        return "a prepared transaction (pg_prepared_xacts)"
    return f"pid {pid}, not to be seen from here"
