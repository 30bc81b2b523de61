"""Rows that a backfill could not carry over, with their reasons."""

from rollout.checks.context import Context
from rollout.checks.finding import Finding, passed, warned

TITLE = "rows that a backfill could not carry over"

# Reasons differ behind the colon, by the error's text.
QUERY = """
    SELECT revision, source_table, split_part(reason, ':', 1) AS reason,
        count(*) AS rows, min(rejected_at) AS since
    FROM migrations.backfill_rejects GROUP BY 1, 2, 3 ORDER BY 1, 2, 4 DESC, 3
"""
SHOW = (
    "SELECT source_table, source_id, reason FROM migrations.backfill_rejects"
    " WHERE revision = '{}';"
)


def run(context: Context) -> list[Finding]:
    """Count migrations.backfill_rejects by reason."""
    rows = context.rows(QUERY)
    if not rows:
        return [passed("none")]
    busy = sum(row.rows for row in rows if row.reason == "busy")
    details = [
        f"{row.revision}, {row.source_table}: {row.rows:,} {row.reason}"
        f" (since {row.since:%Y-%m-%d %H:%M})"
        for row in rows
    ]
    if busy:
        details.append(
            f"{busy:,} busy: somebody held the row; its next write tries it again."
        )
    total = sum(row.rows for row in rows)
    shows = [SHOW.format(revision) for revision in sorted({r.revision for r in rows})]
    return [warned(f"{total:,} rejected", details, shows)]
