"""Autovacuum makes way for a lock that waits a second; tries of 10 ms never see that.

So one lock is waited for that the application does not feel: SHARE UPDATE EXCLUSIVE
conflicts with VACUUM, ANALYZE and DDL, and lets reading and writing pass, also while it
is queued. Once granted, it keeps autovacuum away until the transaction ends. A VACUUM
by hand, or one against wraparound, does not make way.

Source: https://www.postgresql.org/docs/current/routine-vacuuming.html#AUTOVACUUM
"""

from collections.abc import Sequence

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from rollout.running.blockers import HELD_ON
from rollout.sqlstate import INSUFFICIENT_PRIVILEGE, RETRYABLE, sqlstate

BEYOND_MS = 500
"""The server asks autovacuum to go after deadlock_timeout; it goes at its next page."""
# Who holds it is not told to everybody; a wait for another one does no harm either.
VACUUMED = text(f"""
    SELECT DISTINCT CAST(l.relation AS regclass)::text FROM pg_catalog.pg_locks AS l
    WHERE {HELD_ON} AND l.mode = 'ShareUpdateExclusiveLock'
""")
DEADLOCK_TIMEOUT = text("""
    SELECT CAST(setting AS integer) FROM pg_catalog.pg_settings
    WHERE name = 'deadlock_timeout'
""")


def make_way(connection: Connection, tables: Sequence[str]) -> None:
    """Wait until autovacuum has left ``tables``, or will not; changes lock_timeout.

    Locks: SHARE UPDATE EXCLUSIVE on those that are vacuumed, kept if granted. Waits for
        deadlock_timeout (1 s) and half a second, a table; nobody who reads or writes
        waits for it.
    """
    vacuumed = connection.scalars(VACUUMED, {"tables": list(tables)}).all()
    for table in vacuumed:
        wait_ms = int(connection.scalar(DEADLOCK_TIMEOUT) or 0) + BEYOND_MS
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(
                    f"SET LOCAL lock_timeout = '{wait_ms}ms'; "
                    f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE"
                )
        except DBAPIError as error:
            if sqlstate(error) not in RETRYABLE | {INSUFFICIENT_PRIVILEGE}:
                raise
