"""What comes between: kills at any statement, and locks that others really hold."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg2
import sqlalchemy as sa

from rollout.running import run
from tests.rollout.ops.lab import Lab

PATIENCE_S = 30
BYSTANDER = "SET lock_timeout = '1s'; SET statement_timeout = '5s'"
"""Far more than one try may cost, far less than the blocker stays."""


@contextmanager
def statements_seen(callback: Callable[[str], None]) -> Iterator[None]:
    """Call back before each statement that the layer sends, from any thread."""

    def hook(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        callback(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", hook)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", hook)


class Kill:
    """Ends the layer's sessions on the server at the n-th statement of a revision.

    What was committed stands, what was not is gone: as after kill -9 of the client.
    """

    def __init__(self, lab: Lab, at: int) -> None:
        self._lab, self._at = lab, at
        self._lock = threading.Lock()
        self.seen = 0

    def __call__(self, statement: str) -> None:
        with self._lock:
            if self.seen or run.current().revision != "unknown":
                self.seen += 1
                if self.seen == self._at:
                    self._lab.rows(
                        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                        "WHERE application_name = 'rollout' "
                        "AND datname = current_database()"
                    )


def count_statements(lab: Lab, command: Callable[[Lab], object]) -> int:
    """How many statements ``command`` sends, undisturbed."""
    counter = Kill(lab, at=0)
    with statements_seen(counter):
        command(lab)
    return counter.seen


def kill_at(lab: Lab, command: Callable[[Lab], object], at: int) -> None:
    """Run ``command``, ended at statement ``at``, and then once more."""
    kill = Kill(lab, at)
    try:
        with statements_seen(kill):
            command(lab)
    except Exception:  # noqa: BLE001 - what dies says many things; the rerun must not
        command(lab)
    assert kill.seen >= at


class Watch:
    """Sets an event once so many statements that contain ``words`` have been sent."""

    def __init__(self, *words: str, times: int = 30) -> None:
        self._words, self._left = words, times
        self.reached = threading.Event()

    def __call__(self, statement: str) -> None:
        if any(word in statement for word in self._words):
            self._left -= 1
            if self._left <= 0:
                self.reached.set()


@contextmanager
def background(work: Callable[[], object], blocker: Any) -> Iterator["Future[object]"]:
    """Run ``work`` beside the block; a failure is raised where the result is asked.

    If the block fails, ``blocker`` is closed: work that waits for it must end, too.
    """
    with ThreadPoolExecutor(1) as pool:
        try:
            yield pool.submit(work)
        except BaseException:
            blocker.close()
            raise


@contextmanager
def held(lab: Lab, statement: str, name: str = "nightly report") -> Iterator[Any]:
    """Hold what ``statement`` locks until the block ends; yields the connection.

    Broken code might wait for it without end: so it does end, and the test fails.
    """
    ends = f"-c idle_in_transaction_session_timeout={2 * PATIENCE_S}s"
    connection = psycopg2.connect(lab.dsn, application_name=name, options=ends)
    try:
        connection.cursor().execute(statement)
        yield connection
    finally:
        connection.close()


def queues_nobody(
    lab: Lab,
    command: Callable[[Lab], object],
    *,
    blocker: str,
    bystanders: tuple[str, ...],
    watch: Watch | None = None,
    waiting: str | None = None,
) -> None:
    """Run ``command`` while ``blocker`` is in its way; ``bystanders`` must not notice.

    They run once the command has tried often (``watch``) or stands waiting
    (``waiting``, a query that says so), while the blocker is still there. Then it goes,
    and the command must end well.
    """
    watch = watch or Watch("LOCK TABLE")
    with statements_seen(watch), held(lab, blocker) as connection:
        with background(lambda: command(lab), connection) as result:
            if waiting is None:
                wait_for(watch, result)
            else:
                until(lambda: bool(lab.value(waiting)))
            for _ in range(15):
                for statement in bystanders:
                    lab.execute(f"{BYSTANDER}; {statement}")
            assert not result.done()
            connection.close()
        result.result()


def wait_for(watch: Watch, result: "Future[object]") -> None:
    """Wait until ``watch`` has seen enough; if the work ended before, say how."""
    until(lambda: watch.reached.is_set() or result.done())
    assert watch.reached.is_set(), result.exception() or "it ended before"


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    for _ in range(PATIENCE_S * 50):
        if condition():
            return
        threading.Event().wait(0.02)
    raise AssertionError("it never came to be")
