"""One runner at a time.

A connection of its own holds ``pg_try_advisory_xact_lock`` in an otherwise idle READ
COMMITTED transaction. So the lock dies with its holder, works behind a transaction
pooler (an open transaction keeps its server connection), and holds back no vacuum (an
idle transaction without a snapshot has no xmin). It is polled, never waited for: a
blocking waiter holds a snapshot, for which CREATE INDEX CONCURRENTLY would wait.
"""

import getpass
import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from rollout import bookkeeping
from rollout.errors import RolloutError
from rollout.settings import Settings
from rollout.terminal import notice

KEY = 0x726F6C6C6F757400  # "rollout" in ASCII, the same for every schema's history

TRY = text("SELECT pg_try_advisory_xact_lock(:key)")
HOLDER = text("""
    SELECT locked_by, locked_at, lock_reason FROM migrations.migration_locks
    WHERE locked_by IS NOT NULL
""")
TAKE = text("""
    INSERT INTO migrations.migration_locks (id, locked_by, locked_at, lock_reason)
    VALUES (1, :locked_by, now(), :reason)
    ON CONFLICT (id) DO UPDATE SET locked_by = EXCLUDED.locked_by,
        locked_at = EXCLUDED.locked_at, lock_reason = EXCLUDED.lock_reason
""")
RELEASE = text("""
    UPDATE migrations.migration_locks
    SET locked_by = NULL, locked_at = NULL, lock_reason = NULL
    WHERE locked_by = :locked_by
""")


class RunnerBusy(RolloutError):
    """Another runner held the lock for the whole waiting time."""

    def __init__(self, waited_s: float, holder: str) -> None:
        self.waited_s, self.holder = waited_s, holder
        super().__init__(
            f"another runner is at work: {holder}.\n"
            f"Nothing was changed; waited {waited_s:.0f} s for it.\n"
            "It holds an advisory lock that ends with its connection, so it is alive.\n"
            "Run again later, or wait longer: -x runner_wait_s=1800"
        )


class RunnerLockLost(RolloutError):
    """The lock's connection died while a revision ran."""

    def __init__(self) -> None:
        super().__init__(
            "the connection that holds the runner lock is gone.\n"
            "The revision in progress was rolled back; earlier ones stand.\n"
            "Somebody ended the connection, or the network or a pooler did.\n"
            "Run the same command again."
        )


class RunnerLock:
    """The lock while it is held.

    ``working`` is a second connection, on which it was said who holds it: the holder's
    to use and to close, since another one takes as long as a small revision.
    """

    def __init__(self, connection: Connection, working: Connection) -> None:
        self._connection, self.working = connection, working

    def verify(self) -> None:
        """Check that the lock is still ours; called before every commit.

        Raises:
            RunnerLockLost: The connection that held it is gone.
        """
        try:
            self._connection.exec_driver_sql("SELECT 1")
        except DBAPIError as error:
            raise RunnerLockLost from error


def whoami() -> str:
    """Who holds the lock, for others to read: user, host, process."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a uid without a name, as in many containers
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}, process {os.getpid()}"


@contextmanager
def runner_lock(
    engine: Engine,
    settings: Settings,
    reason: str,
    *,
    connection: Connection | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[RunnerLock]:
    """Hold the runner lock for the block; also creates the bookkeeping schema.

    Args:
        connection: To hold it on, closed at the end; a new one by default.

    Raises:
        RunnerBusy: Another runner held it longer than ``settings.runner_wait_s``.
    """
    me = whoami()
    with connection or engine.connect() as holding:
        _acquire(holding, engine, settings.runner_wait_s, sleep)
        with engine.connect() as working:
            _announce(working, me, settings.reason or reason)
            try:
                yield RunnerLock(holding, working)
            finally:
                working.close()  # before the line goes: nothing of it is left to do
                _withdraw(engine, me)


def _acquire(
    connection: Connection,
    engine: Engine,
    wait_s: float,
    sleep: Callable[[float], None],
) -> None:
    started, told = time.monotonic(), False
    while not connection.scalar(TRY, {"key": KEY}):
        connection.rollback()
        waited_s = time.monotonic() - started
        if waited_s >= wait_s:
            raise RunnerBusy(waited_s, _holder(engine))
        if waited_s > 1 and not told:
            notice(f"waiting for another runner: {_holder(engine)}")
            told = True
        sleep(random.uniform(0.05, 0.25))


def _holder(engine: Engine) -> str:
    with engine.connect() as connection:
        if not connection.scalar(
            text("SELECT to_regclass('migrations.migration_locks') IS NOT NULL")
        ):
            return "it has not said who it is yet"
        row = connection.execute(HOLDER).one_or_none()
    if row is None:
        return "it has not said who it is yet"
    since = f"{row.locked_at:%Y-%m-%d %H:%M:%S %Z}"
    return f"{row.locked_by}, since {since}, {row.lock_reason}"


def _announce(connection: Connection, me: str, reason: str) -> None:
    bookkeeping.ensure(connection)
    stale = connection.execute(HOLDER).one_or_none()
    if stale is not None:
        notice(
            f"took over from {stale.locked_by} (since "
            f"{stale.locked_at:%Y-%m-%d %H:%M:%S %Z}): its connection is gone"
        )
    connection.execute(TAKE, {"locked_by": me, "reason": reason})
    connection.commit()


def _withdraw(engine: Engine, me: str) -> None:
    """Clear our line; where the server is gone, the next runner takes over."""
    try:
        with engine.connect() as connection:
            connection.execute(RELEASE, {"locked_by": me})
            connection.commit()
    except DBAPIError:
        notice("could not clear migrations.migration_locks; the next runner will")
