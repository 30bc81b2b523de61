"""A change beside the revisions: under the runner lock, in one transaction, logged."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, text

from rollout.bookkeeping.runner_lock import RunnerLock, runner_lock
from rollout.commands.target import Target
from rollout.running.run import Run, running
from rollout.sqltext import literal, verbatim

EXISTS = text("SELECT to_regclass(:table) IS NOT NULL")
LOG = """
    INSERT INTO {} (migration_file, operation, description) VALUES ({}, {}, {})
"""


@dataclass
class Transaction:
    """A connection on which the runner lock is held to."""

    connection: Connection
    lock: RunnerLock

    def commit(self) -> None:
        """Commit, if the runner lock is still ours."""
        self.lock.verify()
        self.connection.commit()


@contextmanager
def alone(target: Target, what: str) -> Iterator[Transaction]:
    """Hold the runner lock; commit at the end of the block."""
    engine, settings = target.engine(), target.settings
    with (
        runner_lock(engine, settings, f"rollout {what}") as lock,
        running(Run(settings, revision=what)),
        engine.connect() as connection,
    ):
        connection.begin()
        transaction = Transaction(connection, lock)
        yield transaction
        transaction.commit()


def log(
    target: Target, connection: Connection, command: str, operation: str, what: str
) -> None:
    """A row in the project's log, in the same transaction."""
    table = target.option("log_table")
    if table and connection.scalar(EXISTS, {"table": table}):
        said = (f"rollout {command}", operation, what)
        connection.execute(verbatim(LOG.format(table, *map(literal, said))))
