"""Where the database stands: revision, pending, half done, failed, parked, lock."""

import argparse
from dataclasses import asdict
from typing import Any

from rollout.commands import components, history, parked, state
from rollout.commands.output import Output
from rollout.commands.parked import Parked
from rollout.commands.state import Standing
from rollout.commands.target import Target

EXAMPLE = "rollout status\nrollout status --json | jq .pending"
LAST_RUNS = 5


def arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Print it. Reads only."""
    with target.connect() as connection:
        standing = state.read(target, connection)
        tables = parked.tables(target, connection) if standing.current else []
        away = components.parked(connection)
        runs = history.log(target, connection, LAST_RUNS)
    out.document(_document(target, standing, tables, away, runs))
    out.line(state.where(target, standing))
    _pending(standing, out)
    _trouble(standing, out)
    _parked(tables, away, out)
    if runs:
        out.line("\nLast runs")
        history.show(runs, out)
    return 0


def _document(
    target: Target,
    standing: Standing,
    tables: list[Parked],
    away: list[dict[str, Any]],
    runs: list[dict[str, Any]],
) -> dict[str, Any]:
    current = standing.current
    return {
        "database": target.shown,
        "current": current.revision if current else None,
        "version": current.version if current else None,
        "head": list(target.heads),
        "pending": [revision.revision for revision in standing.pending],
        "unfinished": standing.unfinished,
        "failed": standing.failed,
        "lock": standing.holder,
        "parked": [asdict(table) for table in tables],
        "components_parked": away,
        "last_runs": runs,
    }


def _pending(standing: Standing, out: Output) -> None:
    if standing.pending:
        out.line("\nPending")
        out.table(
            ("revision", "version", "description", "kind", "phase"),
            [
                (r.revision, r.version, r.description, r.kind, r.phase)
                for r in standing.pending
            ],
        )


def _trouble(standing: Standing, out: Output) -> None:
    for row in standing.failed:
        out.line(
            f"\nFailed: {row['revision']} at {row['applied_at']:%Y-%m-%d %H:%M:%S};"
            " still pending. Mend its cause, then: rollout deploy"
        )
    if standing.holder:
        holder = standing.holder
        alive = "at work" if holder["alive"] else "dead; the next runner takes over"
        out.line(
            f"\nRunner lock: {holder['locked_by']}, since"
            f" {holder['locked_at']:%Y-%m-%d %H:%M:%S}, {holder['lock_reason']}"
            f" ({alive})"
        )


def _parked(tables: list[Parked], away: list[dict[str, Any]], out: Output) -> None:
    if tables:
        out.line("\nParked")
        out.table(
            ("table", "rows", "bytes", "revision", "parked at"),
            [(f"parked.{t.name}", t.rows, t.bytes, t.by, t.since) for t in tables],
        )
    for row in away:
        out.line(
            f"\nComponent {row['name']} is away. To bring it back:"
            f" rollout restore {row['name']}"
        )
