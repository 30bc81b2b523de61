"""An Alembic command that is interrupted at a statement of our choice.

The command runs in a child forked from this process, which has imported everything:
some 60 ms a run instead of a second. Statements and commits are counted by SQLAlchemy's
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
from dataclasses import dataclass
from typing import IO

import psycopg2
import sqlalchemy as sa
from alembic import context
from sqlalchemy import event

from rollout.backfill import worker
from rollout.embedded import url_text
from tests.commands import alembic_run

BATCH_ROWS = 100
COMMIT = "COMMIT"

Interrupt = Callable[[sa.Connection], None]
"""Gets the connection whose statement comes next."""


@dataclass(frozen=True)
class Boundary:
    """The moment before a statement, or before a commit.

    ``main`` says that it is the connection that the revision itself runs on.
    """

    statement: str
    main: bool
    autocommit: bool


@dataclass(frozen=True)
class Ended:
    """How the child ended."""

    signal: int
    status: int
    said: str
    boundaries: list[Boundary]


def run_forked(
    url: str, command: str, target: str, at: int | None = None,
    interrupt: Interrupt | None = None, section: str = "alembic",
) -> Ended:  # fmt: skip
    """Run ``alembic command target`` in a child; call ``interrupt`` at boundary ``at``.

    Without ``at`` it is left in peace. The boundaries that it came to are returned.
    ``section`` is that of alembic.ini.
    """
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as trace:
        pid = os.fork()
        if pid == 0:
            with _never_returning(said):
                _count(at, interrupt, trace)
                alembic_run(url, command, target, section=section)
        _, status = os.waitpid(pid, 0)
        said.seek(0)
        trace.seek(0)
        boundaries = [Boundary(**json.loads(line)) for line in trace]
        code = os.waitstatus_to_exitcode(status)
        return Ended(max(0, -code), max(0, code), said.read(), boundaries)


@contextmanager
def _never_returning(said: IO[str]) -> Iterator[None]:
    """End the child here: nothing of the parent's may be cleaned up in it."""
    status = 1
    try:
        os.dup2(said.fileno(), 2)
        os.environ["ROLLOUT_BATCH_MS"] = "10000"  # batches are not sized by time
        worker.FIRST_BATCH_ROWS = worker.MOST_BATCH_ROWS = BATCH_ROWS
        yield
        status = 0
    except BaseException:  # noqa: BLE001 - the parent reads it
        traceback.print_exc()
    finally:
        os._exit(status)


def _count(at: int | None, interrupt: Interrupt | None, trace: IO[str]) -> None:
    count, lock = 0, threading.Lock()

    def boundary(connection: sa.Connection, statement: str) -> None:
        nonlocal count
        with lock:
            count += 1
            number = count
            trace.write(json.dumps(_described(connection, statement)) + "\n")
            trace.flush()
        if number == at and interrupt is not None:
            interrupt(connection)

    def execute(connection: sa.Connection, _: object, statement: str, *__: object):  # type: ignore[no-untyped-def]
        boundary(connection, statement)

    def commit(connection: sa.Connection) -> None:
        boundary(connection, COMMIT)

    event.listen(sa.Engine, "before_cursor_execute", execute)
    event.listen(sa.Engine, "commit", commit)


def _described(connection: sa.Connection, statement: str) -> dict[str, object]:
    return {
        "statement": " ".join(statement.split())[:70],
        "main": connection is main_connection(),
        "autocommit": connection._is_autocommit_isolation(),
    }


def main_connection() -> sa.Connection | None:
    """The connection that the revisions run on, once there is one."""
    try:
        running = context.get_context()
    except Exception:  # noqa: BLE001 - Alembic's proxy, before it is configured
        return None
    if running.opts.get("dont_mutate") or running.connection is None:
        return None
    return None if running.connection.closed else running.connection


def kill_client(_: sa.Connection) -> None:
    """kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


def end_own(connection: sa.Connection) -> None:
    """pg_terminate_backend of the connection whose statement it is."""
    driver = connection.connection.driver_connection
    assert driver is not None
    other = psycopg2.connect(url_text(connection.engine.url))
    other.autocommit = True
    with other.cursor() as cursor:
        pid = driver.info.backend_pid
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    other.close()


def end_main(connection: sa.Connection) -> None:
    """pg_terminate_backend of the revision's connection, whosever statement it is."""
    end_own(main_connection() or connection)
