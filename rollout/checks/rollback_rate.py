"""The HomeOps strategy's trigger: more than a tenth of all transactions rolled back."""

from rollout.checks.context import Context
from rollout.checks.finding import Finding, passed, warned

TITLE = "the share of transactions that were rolled back"

MOST = 0.1
"""Rollbacks a commit. Source: HomeOps strategy, "Rollback Triggers"."""
FEWEST = 10_000
"""Commits below which the rate says nothing."""

QUERY = """
    SELECT xact_commit AS commits, xact_rollback AS rollbacks, stats_reset
    FROM pg_stat_database WHERE datname = current_database()
"""


def run(context: Context) -> list[Finding]:
    """Compare pg_stat_database's counts since they were last reset."""
    (row,) = context.rows(QUERY)
    since = f"since {row.stats_reset:%Y-%m-%d %H:%M}" if row.stats_reset else "ever"
    rate = row.rollbacks / max(1, row.commits)
    told = f"{rate:.1%} ({row.rollbacks:,} to {row.commits:,} commits, {since})"
    if rate <= MOST:
        return [passed(told)]
    if row.commits < FEWEST:
        return [passed(f"{told}: too few to say")]
    return [
        warned(
            told,
            ["A client may roll back what only reads: look at the server's log first."],
            ["SELECT pg_stat_reset(); -- then look again after some minutes"],
        )
    ]
