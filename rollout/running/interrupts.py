"""Ctrl-C and SIGTERM while the server works: its statement is cancelled, then the end.

psycopg2 waits inside libpq, where Python sees no signal: without this, Ctrl-C during a
long CREATE INDEX would be heard when the index is done. SIGTERM is what a container or
a CI job sends before it kills; unheard, it would end the process without a word.
"""

import select
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg2 import DatabaseError, OperationalError, extensions

from rollout.database import CONNECT_TIMEOUT_S

WAKE_S = 1.0
"""A signal interrupts select at once; this is for the ones that it misses."""
CONNECTED = 0  # libpq's CONNECTION_OK


class Terminated(KeyboardInterrupt):
    """SIGTERM; whatever copes with Ctrl-C copes with it."""


@contextmanager
def heard() -> Iterator[None]:
    """Make Ctrl-C and SIGTERM cancel what the server is doing for this process.

    SIGTERM raises :class:`Terminated`. COPY is not possible in the block (psycopg2).

    Raises:
        KeyboardInterrupt: A signal came; also where cleaning up after it failed.
    """
    before = extensions.get_wait_callback()
    extensions.set_wait_callback(_wait)
    try:
        with _sigterm():
            yield
    except Exception as error:
        if came := _behind(error):
            raise came from None
        raise
    finally:
        extensions.set_wait_callback(before)


def _behind(error: BaseException) -> KeyboardInterrupt | None:
    """The signal after which ``error`` came up, if there was one.

    Alembic's autocommit_block, for one, commits at its end, and the connection is gone.
    A chain may come back to itself: an error may be its own cause.
    """
    seen: set[int] = set()
    before: BaseException | None = error
    while before is not None and id(before) not in seen:
        if isinstance(before, KeyboardInterrupt):
            return before
        seen.add(id(before))
        before = before.__context__ or before.__cause__
    return None


def said(error: KeyboardInterrupt) -> str:
    """What came, for people."""
    return "ended by SIGTERM." if isinstance(error, Terminated) else "interrupted."


def status(error: KeyboardInterrupt) -> int:
    """The exit status, as shells have it: 128 and the signal's number."""
    number = signal.SIGTERM if isinstance(error, Terminated) else signal.SIGINT
    return 128 + number


@contextmanager
def _sigterm() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal does
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, frame: object) -> None:
    raise Terminated


def _wait(connection: extensions.connection) -> None:
    """Wait for the server like libpq; on Ctrl-C cancel, then raise it again."""
    interrupted: KeyboardInterrupt | None = None
    give_up_at = _give_up_at(connection)
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
        except KeyboardInterrupt as error:
            if interrupted:  # asked twice: do not wait for the server's answer
                raise
            interrupted = error
            connection.cancel()
        except DatabaseError:
            if interrupted:
                raise interrupted from None
            raise
    if interrupted:
        raise interrupted


def _give_up_at(connection: extensions.connection) -> float:
    """When to give up connecting: libpq leaves its connect_timeout to us here."""
    if connection.info.status == CONNECTED:
        return float("inf")
    given = extensions.parse_dsn(connection.dsn).get("connect_timeout")
    try:
        timeout_s = float(given or CONNECT_TIMEOUT_S)
    except ValueError:
        raise OperationalError(
            f'invalid integer value "{given}" for connection option "connect_timeout"'
        ) from None
    return time.monotonic() + timeout_s if timeout_s > 0 else float("inf")
