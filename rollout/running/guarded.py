"""Revisions under the runner lock, run again where somebody's lock was in the way."""

import random
import time
from typing import Any

from alembic import context
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from rollout.bookkeeping.journal import Journal
from rollout.bookkeeping.runner_lock import RunnerLock
from rollout.errors import RolloutError
from rollout.running.failure import failure
from rollout.running.options import models, options, revision_of
from rollout.running.steps import Steps
from rollout.settings import Settings
from rollout.sqlstate import RETRYABLE, sqlstate


def guarded(
    engine: Engine, journal: Journal, steps: Steps, lock: RunnerLock, settings: Settings
) -> None:
    """Run the steps; one that only waited for somebody's lock is tried again."""
    refused_s = 0.0
    while True:
        try:
            with lock.working if steps.attempt == 1 else engine.connect() as connection:
                _run_steps(connection, journal, steps, lock)
            return
        except (DBAPIError, RolloutError) as error:
            if steps.attempt == 1:  # a long backfill before it is no waiting
                refused_s = time.monotonic()
            waited_s = time.monotonic() - refused_s
            if not _passing(error) or waited_s >= settings.lock_wait_s:
                raise failure(engine, journal, steps, error) from error
            steps.attempt += 1
            time.sleep(random.uniform(0.02, 0.1) * min(steps.attempt, 10))


def _run_steps(
    connection: Connection, journal: Journal, steps: Steps, lock: RunnerLock
) -> None:
    def applied(ctx: Any, step: Any, heads: Any, run_args: Any) -> None:
        lock.verify()
        if step.is_stamp:
            journal.stamped(ctx, heads)
            return
        revision = revision_of(step)
        journal.applied(ctx, revision, up=step.is_upgrade, started=steps.started)
        steps.finished(journal.file(revision))

    def remaining(heads: Any, ctx: Any) -> list[Any]:
        found = steps(heads, ctx)
        if found:
            ctx.opts.update(models())  # now, while no lock is held
            if heads:  # nothing was written yet: the revision begins after the import
                connection.rollback()
        return found

    context.configure(
        connection=connection,
        fn=remaining,
        on_version_apply=applied,
        dont_mutate=False,
        **options(),
    )
    with context.begin_transaction():
        context.run_migrations()


def _passing(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and sqlstate(error) in RETRYABLE
