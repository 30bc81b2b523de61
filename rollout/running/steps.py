"""The revisions of one command, found once, each run with what operations need.

Alembic asks for the steps by a function. Asking it again after a retry would be wrong:
``downgrade -2`` is relative to where the database stands, and the first of the two
steps may be done by then.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

from alembic.migration import MigrationContext
from sqlalchemy import text

from rollout.bookkeeping.revision_file import RevisionFile
from rollout.bookkeeping.unfinished import clear, refuse_others
from rollout.running.run import Run, running
from rollout.settings import Settings
from rollout.terminal import notice


class Steps:
    """Stands in for Alembic's own function, and knows which step is running."""

    def __init__(
        self,
        find: Callable[[Any, MigrationContext], Iterable[Any]],
        settings: Settings,
        verify: Callable[[], None] = lambda: None,
    ) -> None:
        self._find, self._settings, self._verify = find, settings, verify
        self._steps: list[Any] | None = None
        self._context: MigrationContext | None = None
        self.attempt = 1
        self.current: str | None = None
        self.upgrading = True
        self.started = 0.0
        self.done: list[str] = []

    def __call__(self, heads: Any, context: MigrationContext) -> list[Any]:
        """The steps still to do from ``heads``."""
        self._context = context
        if self._steps is None:
            self._steps = list(self._find(heads, context))
            self._refuse_others(context)
            for step in self._steps:
                self._wrap(step)
            return self._steps
        return self._from(set(heads))

    def _from(self, heads: set[str]) -> list[Any]:
        steps = self._steps or []
        for position, step in enumerate(steps):
            if set(step.from_revisions_no_deps) == heads:
                return steps[position:]
        return []

    def _refuse_others(self, context: MigrationContext) -> None:
        if context.as_sql or not self._steps or _is_stamp(self._steps[0]):
            return
        first, connection = self._steps[0], context.connection
        if connection is not None:
            refuse_others(connection, first.revision.revision, first.is_upgrade)

    def _wrap(self, step: Any) -> None:
        if _is_stamp(step):
            return
        function = step.migration_fn

        def run_revision(**kw: Any) -> None:
            self.current, self.upgrading = step.revision.revision, step.is_upgrade
            self.started = time.monotonic()
            run = Run(
                self._settings, self.current, self.upgrading, self.attempt, self._verify
            )
            with running(run):
                function(**kw)
                for statement in run.at_end:
                    statement()
                self._forget(run)

        run_revision.__name__ = function.__name__  # Alembic logs it
        step.migration_fn = run_revision

    def _forget(self, run: Run) -> None:
        """Clear what an ended run marked, where this one had nothing left to commit."""
        if not run.marked and self._context is not None and not self._context.as_sql:
            self._context.execute(text(clear(run.revision)))

    def finished(self, file: RevisionFile) -> None:
        """Say that a revision is done; the next one starts with fresh tries."""
        took_ms = (time.monotonic() - self.started) * 1000
        direction = "upgrade" if self.upgrading else "downgrade"
        notice(
            f"{direction} {file.revision:<8} {file.version:<7} {file.description}: "
            f"{took_ms:,.0f} ms"
        )
        self.done.append(file.revision)
        self.current, self.attempt = None, 1


def _is_stamp(step: Any) -> bool:
    """``alembic stamp`` runs no revision."""
    return getattr(step, "revision", None) is None
