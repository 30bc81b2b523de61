"""Ctrl-C while the server works: its statement is cancelled, then the command ends.

psycopg2 waits inside libpq, where Python sees no signal: without this, Ctrl-C during a
long CREATE INDEX would be heard when the index is done.
"""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg2 import DatabaseError, OperationalError, extensions

from rollout.database import CONNECT_TIMEOUT_S

WAKE_S = 1.0
"""A signal interrupts select at once; this is for the ones that it misses."""
CONNECTED = 0  # libpq's CONNECTION_OK


@contextmanager
def prompt() -> Iterator[None]:
    """Make Ctrl-C cancel what the server is doing for this process, in the block."""
    before = extensions.get_wait_callback()
    extensions.set_wait_callback(_wait)
    try:
        yield
    finally:
        extensions.set_wait_callback(before)


def _wait(connection: extensions.connection) -> None:
    """Wait for the server like libpq; on Ctrl-C cancel, then raise it again."""
    interrupted, give_up_at = False, _give_up_at(connection)
    while True:
        try:
            if time.monotonic() > give_up_at and connection.info.status != CONNECTED:
                raise OperationalError("timeout expired")
            state = connection.poll()
            if state == extensions.POLL_OK:
                break
            if state == extensions.POLL_READ:
                select.select([connection], [], [], WAKE_S)
            elif state == extensions.POLL_WRITE:
                select.select([], [connection], [], WAKE_S)
            else:
                raise OperationalError(f"unexpected state of the connection: {state}")
        except KeyboardInterrupt:
            if interrupted:  # asked twice: do not wait for the server's answer
                raise
            interrupted = True
            connection.cancel()
        except DatabaseError:
            if interrupted:
                raise KeyboardInterrupt from None
            raise
    if interrupted:
        raise KeyboardInterrupt


def _give_up_at(connection: extensions.connection) -> float:
    """When to give up connecting: libpq leaves its connect_timeout to us here."""
    if connection.info.status == CONNECTED:
        return float("inf")
    given = extensions.parse_dsn(connection.dsn).get("connect_timeout")
    timeout_s = float(given or CONNECT_TIMEOUT_S)
    return time.monotonic() + timeout_s if timeout_s > 0 else float("inf")
