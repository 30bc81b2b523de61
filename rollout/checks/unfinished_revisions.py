"""Revisions that were ended between two of their commits."""

from typing import Any

from rollout.checks.context import Context
from rollout.checks.finding import Finding, failed, passed
from rollout.commands import state

TITLE = "revisions that were ended half-way"


def run(context: Context) -> list[Finding]:
    """Look into migrations.unfinished; one that is running now is no finding."""
    standing = state.read(context.target, context.connection)
    if not standing.unfinished:
        return [passed("none")]
    told = [
        f"{row['direction']} of {row['revision']}, since {row['since']:%Y-%m-%d %H:%M}"
        for row in standing.unfinished
    ]
    if standing.holder and standing.holder["alive"]:
        return [passed(f"running now: {'; '.join(told)}")]
    return [
        failed(
            f"{len(told)} half done",
            [*told, "What it committed stands; running it again goes on from there."],
            [_finish(row) for row in standing.unfinished],
        )
    ]


def _finish(row: dict[str, Any]) -> str:
    step = "-1" if row["direction"] == "downgrade" else row["revision"]
    return f"alembic {row['direction']} {step}"
