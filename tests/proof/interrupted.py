"""An Alembic command that is interrupted at a statement of our choice.

The command runs in a child forked from this process, which has imported everything:
some 50 ms a run instead of a second. Statements and commits are counted by SQLAlchemy's
events, on every connection, in every thread.
"""

import json
import os
import signal
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg2
import sqlalchemy as sa
from alembic import context
from sqlalchemy import event

from rollout.backfill import worker
from rollout.embedded import url_text
from tests.commands import alembic_run

BATCH_ROWS = 100
COMMIT = "COMMIT"


@dataclass(frozen=True)
class Boundary:
    """A moment before a statement, or before a commit."""

    statement: str
    main: bool
    """Whether it is the connection that the revision itself runs on."""
    committed: bool
    """Whether the revision may have committed something before, or is about to."""

    def __str__(self) -> str:
        return " ".join(self.statement.split())[:70]


@dataclass
class Ended:
    """How the child ended."""

    signal: int
    status: int
    said: str
    boundaries: list[Boundary] = field(default_factory=list)


def run_forked(
    url: str, command: str, target: str, *, at: int | None = None,
    interrupt: Callable[[sa.Connection], None] | None = None,
) -> Ended:  # fmt: skip
    """Run ``alembic command target`` in a child; call ``interrupt`` at boundary ``at``.

    ``interrupt`` gets the connection whose statement it is.
    """
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as trace:
        pid = os.fork()
        if pid == 0:
            _child(url, command, target, at, interrupt, said, trace)
        _, status = os.waitpid(pid, 0)
        said.seek(0)
        trace.seek(0)
        boundaries = [Boundary(**json.loads(line)) for line in trace]
        ended = os.WIFSIGNALED(status) and os.WTERMSIG(status)
        code = 0 if ended else os.WEXITSTATUS(status)
        return Ended(int(ended), code, said.read(), boundaries)


def _child(url, command, target, at, interrupt, said, trace) -> None:  # type: ignore[no-untyped-def]
    """Never returns: nothing of the parent's may be cleaned up here."""
    status = 1
    try:
        os.dup2(said.fileno(), 2)
        with _counting(at, interrupt, trace):
            alembic_run(url, command, target)
        status = 0
    except BaseException:  # noqa: BLE001 - told to the parent
        traceback.print_exc()
    finally:
        trace.flush()
        os._exit(status)


@contextmanager
def _counting(at, interrupt, trace) -> Iterator[None]:  # type: ignore[no-untyped-def]
    worker.FIRST_BATCH_ROWS = worker.MOST_BATCH_ROWS = BATCH_ROWS
    count, lock = 0, threading.Lock()

    def boundary(connection: sa.Connection, statement: str) -> None:
        nonlocal count
        with lock:
            count += 1
            number = count
        if number == at and interrupt is not None:
            interrupt(connection)
        elif at is None:
            line = {"statement": statement, "main": connection is main_connection()}
            line["committed"] = statement == COMMIT or _autocommit(connection)
            trace.write(json.dumps(line) + "\n")

    def execute(connection, cursor, statement, *_) -> None:  # type: ignore[no-untyped-def]
        boundary(connection, statement)

    def commit(connection: sa.Connection) -> None:
        boundary(connection, COMMIT)

    event.listen(sa.Engine, "before_cursor_execute", execute)
    event.listen(sa.Engine, "commit", commit)
    yield


def _autocommit(connection: sa.Connection) -> bool:
    return bool(connection._is_autocommit_isolation())


def main_connection() -> sa.Connection | None:
    """The connection that the revision runs on."""
    try:
        return context.get_context().connection
    except Exception:  # noqa: BLE001 - Alembic's proxies raise this and that
        return None


def kill_client(_: sa.Connection) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def end_own(connection: sa.Connection) -> None:
    """pg_terminate_backend of the connection whose statement it is."""
    _terminate(connection)


def end_main(connection: sa.Connection) -> None:
    """pg_terminate_backend of the revision's connection, whosever statement it is."""
    main = main_connection()
    _terminate(connection if main is None or main.closed else main)


def _terminate(connection: sa.Connection) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    other = psycopg2.connect(url_text(connection.engine.url))
    other.autocommit = True
    with other.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(%s, 5000)", (driver.info.backend_pid,)
        )
    other.close()
