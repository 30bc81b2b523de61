"""Taking locks on tables in use without making the application wait.

A lock request that waits makes everybody behind it wait too. So a lock is asked for
by short tries: NOWAIT at first, later now and then with a lock_timeout of some
milliseconds, for tables that are never idle. Between tries nothing is held, but for
what keeps autovacuum away: see :mod:`rollout.running.autovacuum`.
"""

import random
import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from rollout.errors import RolloutError
from rollout.running import run
from rollout.running.autovacuum import make_way
from rollout.running.blockers import in_the_way
from rollout.sqlstate import RETRYABLE, sqlstate

NOWAIT_TRIES = 20
"""Tries that queue nobody, before some may queue for lock_try_ms."""
PAUSE_MS = (5, 20)
"""Sleep between two tries, drawn evenly, so that two runners do not march in step."""
SAMPLE_EVERY_S = 1.0


class LockWaitTimeout(RolloutError):
    """A lock was not to be had within lock_wait_s; nothing was changed.

    ``blockers`` are the sessions last seen in the way, oldest transaction first.
    """

    def __init__(
        self, tables: Sequence[str], mode: str, tries: int, waited_s: float,
        blockers: Sequence[str],
    ) -> None:  # fmt: skip
        self.tables, self.mode, self.tries = tuple(tables), mode, tries
        self.waited_s, self.blockers = waited_s, tuple(blockers)
        seen = "\n".join(f"    {line}" for line in blockers)
        super().__init__(
            f"could not lock {', '.join(tables)} ({mode}): "
            f"{tries} tries in {waited_s:.1f} s.\n"
            "The revision in progress was rolled back and is still pending; "
            "earlier ones stand.\n"
            f"In the way:\n{seen or '    nobody at the last look: many short ones'}\n"
            "End those sessions or wait for them (rollout doctor), then run the same "
            "command again,\n"
            "or try for longer: -x lock_wait_s=120"
        )


def lock_statement(tables: Sequence[str], mode: str) -> str:
    """LOCK TABLE without waiting."""
    return f"LOCK TABLE {', '.join(tables)} IN {mode} MODE NOWAIT"


def until_granted(
    connection: Connection,
    statement: str,
    *,
    tables: Sequence[str],
    mode: str,
    queueing: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Execute ``statement`` in a savepoint until no lock is in its way.

    Args:
        statement: Asks for its locks with NOWAIT, or is run under a lock_timeout.
        queueing: The same without NOWAIT, run now and then under lock_try_ms.
        tables: Whose holders are named on failure.

    A transaction that got locks here before tries once: it must not wait while it holds
    them, so the refusal is raised and the whole revision is rolled back and retried.
    Its cause is the LockWaitTimeout to raise once no more retries are left.

    Raises:
        LockWaitTimeout: lock_wait_s is over; the savepoint is rolled back.
        DBAPIError: Any other failure.

    Source: https://www.postgresql.org/docs/current/sql-lock.html
    """
    this, started = run.current(), time.monotonic()
    settings, transaction = this.settings, connection.get_transaction()
    tries, blockers, sampled_s = 0, list[str](), float("-inf")
    while True:
        tries += 1
        text_, timeout_ms = _choose(statement, queueing, tries, settings.lock_try_ms)
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(
                    f"SET LOCAL lock_timeout = '{timeout_ms:.0f}ms'; {text_}"
                )
            connection.exec_driver_sql(ambient(settings.lock_try_ms))
            this.locked_in = transaction
            return
        except DBAPIError as error:
            if sqlstate(error) not in RETRYABLE:
                raise
            if this.locked_in is transaction:
                blockers = in_the_way(connection, tables, mode)
                raise error from LockWaitTimeout(
                    tables, mode, this.attempt, settings.lock_wait_s, blockers
                )
            waited_s = time.monotonic() - started
            over = waited_s >= settings.lock_wait_s
            if over or waited_s - sampled_s >= SAMPLE_EVERY_S:
                blockers = in_the_way(connection, tables, mode) or blockers
                sampled_s = waited_s
                if not over:
                    make_way(connection, tables)
            if over:
                raise LockWaitTimeout(tables, mode, tries, waited_s, blockers) from None
        sleep(random.uniform(*PAUSE_MS) / 1000)


def _choose(
    statement: str, queueing: str | None, tries: int, try_ms: float
) -> tuple[str, float]:
    """The text of this try and the longest time it may queue, rising and bounded."""
    if queueing is None:
        return statement, min(try_ms, 2 + tries / 4)
    if tries > NOWAIT_TRIES and tries % 4 == 0:
        return queueing, min(try_ms, 2 + (tries - NOWAIT_TRIES) / 8)
    return statement, try_ms


def ambient(lock_try_ms: float) -> str:
    """The lock_timeout for all other statements: short, since locks come first."""
    return f"SET LOCAL lock_timeout = '{max(1.0, lock_try_ms):.0f}ms'"
