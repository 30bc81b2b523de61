"""What was done to the database: versions and operations, failures included."""

import argparse
import re
from typing import Any

from sqlalchemy import Connection, text

from rollout.commands import state
from rollout.commands.arguments import whole
from rollout.commands.output import Output
from rollout.commands.target import Target

EXAMPLE = "rollout history\nrollout history --last 50 --json"

VERSIONS = text("""
    SELECT version, description, migration_file, status, execution_time_ms, applied_at,
        applied_by
    FROM migrations.schema_versions ORDER BY applied_at, id
""")
LOG = """
    SELECT executed_at, operation, migration_file, description, execution_time_ms,
        success, error_message, executed_by
    FROM {log} ORDER BY executed_at DESC, id LIMIT :last
"""
ERROR_WIDTH = 70


def arguments(parser: argparse.ArgumentParser) -> None:
    """--last."""
    parser.add_argument(
        "--last", metavar="N", type=whole(1, 1_000_000), default=20,
        help="so many operations of the log; default: 20",
    )  # fmt: skip


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Print both. Reads only."""
    with target.connect() as connection:
        target.current(connection, required=True)
        files = {r.path.name for r in target.revisions}
        versions = [
            row
            for row in state.rows(connection, VERSIONS)
            if row["migration_file"] in files
        ]
        runs = log(target, connection, args.last)
    out.document({"versions": versions, "log": runs})
    out.line(f"{target.shown}\n\nVersions, in order of their last change")
    out.table(
        ("version", "description", "status", "ms", "at", "by"),
        [
            (
                row["version"], row["description"], row["status"],
                row["execution_time_ms"], row["applied_at"], row["applied_by"],
            )
            for row in versions
        ],
    )  # fmt: skip
    if runs:
        out.line(f"\nThe last {len(runs)} operations, latest first")
        show(runs, out)
    return 0


def log(target: Target, connection: Connection, last: int) -> list[dict[str, Any]]:
    """The last rows of the project's log, also where it is parked itself."""
    name = target.option("log_table")
    if not re.fullmatch(r"\w+\.\w+", name):
        return []
    for table in (name, f"parked.{name.partition('.')[2]}"):
        known = text("SELECT to_regclass(:table) IS NOT NULL")
        if connection.scalar(known, {"table": table}):
            return state.rows(connection, text(LOG.format(log=table)), last=last)
    return []


def show(runs: list[dict[str, Any]], out: Output) -> None:
    """Print operations as a table."""
    out.table(
        ("at", "operation", "file", "ms", "result"),
        [
            (
                row["executed_at"], row["operation"], row["migration_file"],
                row["execution_time_ms"], _result(row),
            )
            for row in runs
        ],
    )  # fmt: skip


def _result(row: dict[str, Any]) -> str:
    if row["success"]:
        return "done"
    first = (row["error_message"] or "").strip().splitlines()
    return f"failed: {first[0][:ERROR_WIDTH]}" if first else "failed"
