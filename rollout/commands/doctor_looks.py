"""What ``rollout doctor`` looks at, beyond some of the checks."""

from collections.abc import Callable
from functools import partial

from sqlalchemy.exc import DBAPIError

from rollout import scratch
from rollout.checks.context import Context
from rollout.checks.finding import Finding, failed, passed, warned
from rollout.live.orphans import TIMEOUT_S, unvalidated
from rollout.live.sessions import Session, duration, sessions, tree
from rollout.live.storage import size, storage
from rollout.sqlstate import INSUFFICIENT_PRIVILEGE, QUERY_CANCELED, sqlstate

CHECKS = (
    "runner_lock",
    "unfinished_revisions",
    "failed_revisions",
    "invalid_indexes",
    "constraints",
    "rejects",
)
"""Checks that answer the same questions."""
SLOT_BYTES = 1024**3
"""WAL held by an active slot from which on it is worth a word."""

PREPARED = """
    SELECT gid, owner,
        extract(epoch FROM clock_timestamp() - prepared)::float8 AS open_s
    FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared
"""

CLIENTS = ("client backend", "unknown", "walsender")
"""Kinds of sessions whose long transactions somebody can do something about."""
HIDDEN = "<insufficient privilege>"
"""What the server shows as the query of another role's session."""

Look = Callable[[Context], list[Finding]]


def looks(long_s: float) -> list[tuple[str, Look]]:
    """Each look and its name, in the order of reading."""
    return [
        ("transactions", partial(transactions, long_s=long_s)),
        ("blocking", blocking),
        ("orphans", orphans),
        ("space", space),
        ("scratch", scratch_databases),
    ]


def transactions(context: Context, *, long_s: float) -> list[Finding]:
    """Transactions that are open for long, idle ones above all, and prepared ones."""
    there = sessions(context.connection)
    long = [
        session
        for session in there
        if session.open_s is not None
        and session.open_s >= long_s
        and session.kind in CLIENTS
        and not session.is_runner
    ]
    prepared = [row for row in context.rows(PREPARED) if row.open_s >= long_s]
    if hidden := sum(s.query == HIDDEN and s.database is not None for s in there):
        return [_hidden(hidden)]
    if not long and not prepared:
        return [passed(f"none open for {duration(long_s)} or more")]
    idle = sum("idle in transaction" in (s.state or "") for s in long)
    return [
        warned(
            f"{len(long) + len(prepared)} open for long, {idle} of them idle",
            [
                *(session.told() for session in long),
                *(
                    f"prepared {row.gid!r} of {row.owner}, for {duration(row.open_s)}"
                    for row in prepared
                ),
            ],
            [
                *(_end(session) for session in long if not session.blockers),
                *(f"ROLLBACK PREPARED '{row.gid}';" for row in prepared),
            ],
        )
    ]


def _hidden(number: int) -> Finding:
    return warned(
        f"could not look: {number} sessions of other roles do not show what they do",
        remedy=["GRANT pg_read_all_stats TO CURRENT_USER;  -- as an administrator"],
    )


def blocking(context: Context) -> list[Finding]:
    """Who waits for a lock, below the session that holds it."""
    found = sessions(context.connection)
    waiting = {s.pid for s in found if s.blockers}
    if not waiting:
        return [passed("nobody waits for a lock")]
    first = {pid for s in found for pid in s.blockers} - waiting
    return [
        failed(
            f"{len(waiting)} waiting for a lock",
            tree(found),
            [_end(session) for session in found if session.pid in first],
        )
    ]


def _end(session: Session) -> str:
    if session.kind != "client backend":
        return f"wait for pid {session.pid}: {session.kind} is the server's own"
    return f"rollout doctor --terminate {session.pid}"


def orphans(context: Context) -> list[Finding]:
    """Rows that would break a constraint when it is validated."""
    given = unvalidated(context.connection, context.schemas)
    found = []
    for constraint in given:
        context.connection.exec_driver_sql(
            f"SET LOCAL statement_timeout = {TIMEOUT_S}000;"
            "SET LOCAL max_parallel_workers_per_gather = 0"
        )
        label = f"{constraint.relation} {constraint.name}"
        try:
            with context.connection.begin_nested():
                rows = constraint.sample(context.connection)
        except DBAPIError as error:
            if sqlstate(error) not in (INSUFFICIENT_PRIVILEGE, QUERY_CANCELED):
                raise
            said = str(error.orig).strip()
            found.append(warned(f"{label}: {said}", remedy=[constraint.query]))
            continue
        if rows:
            remedy = [constraint.query, f"{constraint.removal}  -- or mend them"]
            found.append(failed(f"{label}: {constraint.says}", rows, remedy))
    return found or [passed(f"none, of {len(given)} constraints not validated")]


def space(context: Context) -> list[Finding]:
    """Size of the database, of its WAL, and slots that hold WAL back."""
    state = storage(context.connection)
    wal = "not to be seen" if state.wal_bytes is None else size(state.wal_bytes)
    summary = f"database {size(state.database_bytes)}, WAL {wal}"
    details = ["The server does not tell what is free on its disk."]
    held = [
        slot
        for slot in state.slots
        if not slot.active
        or (slot.held_bytes or 0) >= SLOT_BYTES
        or slot.status in ("unreserved", "lost")
    ]
    if not held:
        return [passed(summary)]
    details += [
        f"slot {slot.name}: {'active' if slot.active else 'used by nobody'}, holds"
        f" {size(slot.held_bytes or 0)} of WAL ({slot.status or 'nothing reserved'})"
        for slot in held
    ]
    return [
        warned(
            f"{summary}, {len(held)} replication slots to look at",
            details,
            [
                f"SELECT pg_drop_replication_slot('{slot.name}');  -- if not needed"
                for slot in held
                if not slot.active
            ],
        )
    ]


def scratch_databases(context: Context) -> list[Finding]:
    """Databases that a killed check or backup verification left behind."""
    names = scratch.left_behind(context.connection)
    if not names:
        return [passed("no scratch database left behind")]
    drops = [f'DROP DATABASE "{name}";' for name in names]
    return [warned(f"{len(names)} scratch databases left behind", names, drops)]
