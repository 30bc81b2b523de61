"""The plan as data: what ``plan`` prints, ``deploy`` and ``rollback`` show first."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from rollout.commands import effects, estimate, impact, lint, matrix, script_text
from rollout.commands.effect import WEAKEST_FIRST, Effects
from rollout.commands.impact import Impact
from rollout.commands.matrix import Verdict
from rollout.commands.revisions import Revision
from rollout.commands.target import Target


@dataclass(frozen=True)
class Step:
    """One revision to run, in one direction."""

    revision: Revision
    sql: str
    effects: Effects
    rows: int
    duration: estimate.Duration
    verdict: Verdict
    impact: list[Impact]
    lint: list[str]

    @property
    def locks(self) -> str:
        """The locks on tables in use, strongest first; "" for none."""
        locks = self.effects.locks
        return "; ".join(
            f"{mode} on {', '.join(t for t in locks if locks[t] == mode)}"
            for mode in reversed(WEAKEST_FIRST)
            if mode in locks.values()
        )

    @property
    def unmentioned(self) -> list[str]:
        """Tables that the SQL locks and the file's Locks line does not name."""
        said = self.revision.locks
        return [
            table
            for table in self.effects.locks
            if table.rpartition(".")[2] not in said
        ]

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        revision = self.revision
        return {
            "revision": revision.revision, "version": revision.version,
            "description": revision.description, "kind": revision.kind,
            "phase": revision.phase, "locks": self.effects.locks,
            "locks_said": revision.locks, "rows": self.rows,
            "duration_ms": self.duration.ms, "duration_from": self.duration.source,
            "changes": self.verdict.changes, "complexity": self.verdict.complexity,
            "auto_rollback_safe": self.verdict.safe, "rollback": revision.rollback,
            "impact": [asdict(line) for line in self.impact], "lint": self.lint,
        }  # fmt: skip


def make(
    target: Target, connection: Connection, revisions: list[Revision], *, up: bool
) -> list[Step]:
    """Plan ``revisions``, in order of running. Reads only.

    How a revision can be undone is judged by what its upgrade does, also on the way
    down, where it says what the next upgrade has to do again.
    """
    texts = script_text.by_revision(target, revisions, up=up)
    before = estimate.journal(target, connection, up=up)
    return [
        _step(target, connection, revision, texts[revision.revision], before, up=up)
        for revision in revisions
    ]


def _step(
    target: Target,
    connection: Connection,
    revision: Revision,
    sql: str,
    before: dict[str, int],
    *,
    up: bool,
) -> Step:
    found = effects.of(sql)
    if up and found.parked:  # to the application it is as if it were dropped
        found.changes.add("Drop Table")
    return Step(
        revision,
        sql,
        found,
        estimate.rows(connection, [*found.sources, *found.restored]),
        estimate.duration(connection, revision, found, before),
        matrix.verdict(found.changes),
        [] if up else impact.of(connection, revision, found),
        lint.findings(sql, target.option("lint_exclude")) if up else [],
    )
