"""The specification's trigger: too many transactions are being rolled back.

It compares totals since the server's statistics were reset, which a roll-out of minutes
cannot move. Here the difference since the start counts, without our own transactions.

Source: HomeOps strategy, "Automatic Rollback Detection" (10 %).
"""

from typing import Any, ClassVar

from psycopg2 import extensions
from sqlalchemy import Engine, event, text

from rollout.commands.target import Target

FEW_TRANSACTIONS = 50
"""Too few to speak of a rate."""
COUNTERS = text("""
    SELECT xact_commit, xact_rollback FROM pg_catalog.pg_stat_database
    WHERE datname = current_database()
""")


class Counted(extensions.connection):  # type: ignore[misc]
    """A connection of ours that counts how its transactions end."""

    ended: ClassVar[dict[str, int]] = {"commit": 0, "rollback": 0}

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


class RollbackRate:
    """Watches from its making on, so make it first; does nothing without a limit.

    The server counts a connection's transactions when it is closed: those of ours from
    before would be taken for the application's.

    Args:
        limit: Percent of all transactions of the application.
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

    def exceeded(self) -> str | None:
        """What to say when the rate is above the limit; None when it is not."""
        if self._limit is None:
            return None
        commits, rollbacks = (
            max(0, now - then)
            for now, then in zip(self._read(), self._before, strict=True)
        )
        total = commits + rollbacks
        if total < FEW_TRANSACTIONS or rollbacks * 100 <= self._limit * total:
            return None
        return (
            f"stopped: {rollbacks * 100 / total:.1f} % of the application's"
            f" {total:,} transactions were rolled back since the start,"
            f" more than {self._limit:g} %"
        )


def _count_ours(dialect: Any, record: Any, args: Any, options: dict[str, Any]) -> None:
    """Have every new connection of this process counted."""
    options["connection_factory"] = Counted
