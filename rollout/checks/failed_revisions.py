"""Revisions that failed and were not run successfully since."""

from typing import Any

from rollout.checks.context import Context
from rollout.checks.finding import Finding, failed, passed
from rollout.commands import state

TITLE = "revisions whose last run failed"

ERROR = """
    SELECT error_message FROM {log}
    WHERE migration_file = :file AND NOT success ORDER BY executed_at DESC LIMIT 1
"""


def run(context: Context) -> list[Finding]:
    """Look into migrations.schema_versions, and for the reason into the log."""
    standing = state.read(context.target, context.connection)
    if not standing.failed:
        return [passed("none")]
    names = [row["revision"] for row in standing.failed]
    return [
        failed(
            f"{len(names)} failed: {', '.join(names)}",
            [_told(context, row) for row in standing.failed],
            ["Mend what it says, then run: rollout deploy"],
        )
    ]


def _told(context: Context, row: dict[str, Any]) -> str:
    when = f"{row['revision']} ({row['version']}), {row['applied_at']:%Y-%m-%d %H:%M}"
    log = context.target.option("log_table")
    said = None
    if log and context.scalar("SELECT to_regclass(:name) IS NOT NULL", name=log):
        said = context.scalar(ERROR.format(log=log), file=row["migration_file"])
    return f"{when}: {' '.join((said or 'no message was kept').split())}"
