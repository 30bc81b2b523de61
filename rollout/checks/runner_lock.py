"""Who holds the runner lock, and whether a killed runner's line is still there."""

from rollout.checks.context import Context
from rollout.checks.finding import Finding, passed, warned
from rollout.commands import state

TITLE = "the line of the runner that holds the lock"

CLEAR = (
    "UPDATE migrations.migration_locks"
    " SET locked_by = NULL, locked_at = NULL, lock_reason = NULL;"
)


def run(context: Context) -> list[Finding]:
    """Compare migrations.migration_locks with the advisory lock itself."""
    holder = state.read(context.target, context.connection).holder
    if holder is None:
        return [passed("free")]
    who = (
        f"{holder['locked_by']}, since {holder['locked_at']:%Y-%m-%d %H:%M:%S %Z}: "
        f"{holder['lock_reason']}"
    )
    if holder["alive"]:
        return [passed(f"held by {who}")]
    return [
        warned(
            "left behind by a runner that is gone",
            [who, "It stands in nobody's way: the next runner takes over."],
            ["rollout status", CLEAR],
        )
    ]
