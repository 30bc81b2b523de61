"""The specification's trigger: too many transactions are being rolled back.

It compares totals since the server's statistics were reset, which a roll-out of minutes
cannot move. Here the difference since the start counts, without our own transactions.

Source: HomeOps strategy, "Automatic Rollback Detection" (rollbacks > commits * 0.1).
"""

import math
import time
from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any, ClassVar

from psycopg2 import extensions
from sqlalchemy import Engine, event, text

from rollout.commands.target import Target

COUNTED_AFTER_S = 1.1
"""A busy session tells the server once a second what it did (PGSTAT_MIN_INTERVAL)."""
FEW_TRANSACTIONS = 50
"""Too few to speak of a rate."""
COUNTERS = text("""
    SELECT xact_commit, xact_rollback FROM pg_catalog.pg_stat_database
    WHERE datname = current_database()
""")


def percent(text: str) -> float:
    """A limit as it is given on the command line.

    Raises:
        ArgumentTypeError: It is none.
    """
    try:
        limit = float(text.removesuffix("%"))
    except ValueError:
        limit = math.nan
    if not 0 <= limit < math.inf:
        raise ArgumentTypeError(f"{text!r} is no number of percent, as in 10")
    return limit


class Counted(extensions.connection):  # type: ignore[misc]
    """A connection of ours that counts how its transactions end."""

    ended: ClassVar[dict[str, int]] = {"commit": 0, "rollback": 0}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.ended["commit"] += 1  # the server's own one, at the start of a session

    def _count(self, how: str) -> None:
        if self.info.transaction_status != extensions.TRANSACTION_STATUS_IDLE:
            self.ended[how] += 1

    def commit(self) -> None:
        """Commit, counted."""
        self._count("commit")
        super().commit()

    def rollback(self) -> None:
        """Roll back, counted."""
        self._count("rollback")
        super().rollback()

    def set_isolation_level(self, level: int | None) -> None:
        """Set it; the driver ends what is open, and not by :meth:`rollback`."""
        self._count("rollback")
        super().set_isolation_level(level)

    def close(self) -> None:
        """End the connection; what is open in it is rolled back by the server."""
        if not self.closed:
            self._count("rollback")
        super().close()


class RollbackRate:
    """Watches from its making on, so make it first; does nothing without a limit.

    To be used in a ``with``: at its end connections are counted no more.

    The server counts a connection's transactions when it is closed: those of ours from
    before would be taken for the application's.

    Args:
        limit: Rollbacks of the application to a hundred of its commits.
    """

    def __init__(self, target: Target, limit: float | None) -> None:
        self._target, self._limit = target, limit
        if limit is not None:
            event.listen(Engine, "do_connect", _count_ours)
            self._before = self._read()

    def _read(self) -> tuple[int, int]:
        """Commits and rollbacks of others so far."""
        own = dict(Counted.ended)
        with self._target.connect() as connection:
            row = connection.execute(COUNTERS).one()
        return row.xact_commit - own["commit"], row.xact_rollback - own["rollback"]

    def __enter__(self) -> "RollbackRate":
        return self

    def __exit__(self, *_: object) -> None:
        """Count no more connections; other libraries in this process have theirs."""
        if self._limit is not None:
            event.remove(Engine, "do_connect", _count_ours)

    def exceeded(self, sleep: Callable[[float], None] = time.sleep) -> str | None:
        """What to say when the rate is above the limit; None when it is not.

        Sleeps first, so that what has just been rolled back is counted.
        """
        if self._limit is None:
            return None
        sleep(COUNTED_AFTER_S)
        commits, rollbacks = (
            max(0, now - then)
            for now, then in zip(self._read(), self._before, strict=True)
        )
        few = commits + rollbacks < FEW_TRANSACTIONS
        if few or rollbacks * 100 <= self._limit * commits:
            return None
        rate = f"{rollbacks * 100 / commits:.1f} %" if commits else "no commit at all"
        return (
            f"the application rolls back: {rollbacks:,} rollbacks to {commits:,}"
            f" commits since the start ({rate}), more than {self._limit:g} %"
        )


def _count_ours(dialect: Any, record: Any, args: Any, options: dict[str, Any]) -> None:
    """Have every new connection of the layer's driver counted."""
    if dialect.driver == "psycopg2":
        options["connection_factory"] = Counted
