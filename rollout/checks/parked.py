"""What downgrades have put aside and nobody has brought back or thrown away."""

from rollout.checks.context import Context
from rollout.checks.finding import Finding, passed, warned
from rollout.commands import parked
from rollout.commands.parked import Parked
from rollout.live.storage import size

TITLE = "tables left in the schema parked"


def run(context: Context) -> list[Finding]:
    """List the tables with their rows, and since when where the journal tells."""
    tables = parked.tables(context.target, context.connection)
    if not tables:
        return [passed("none")]
    return [
        warned(
            f"{len(tables)} parked",
            [_told(table) for table in tables],
            ["rollout deploy  # brings them back", "rollout purge  # throws them away"],
        )
    ]


def _told(table: Parked) -> str:
    since = f", since {table.since:%Y-%m-%d %H:%M}" if table.since else ""
    return f"parked.{table.name}: {table.rows:,} rows, {size(table.bytes)}{since}"
