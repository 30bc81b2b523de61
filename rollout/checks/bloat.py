"""Tables with many dead rows, which vacuum has not taken away."""

from rollout.checks.context import Context
from rollout.checks.finding import Finding, passed, warned

TITLE = "tables with many dead rows"

FEWEST_ROWS = 10_000
MOST_SHARE = 0.2
"""Autovacuum begins at 20 % by default: above it, something holds vacuum back."""

QUERY = """
    SELECT relid::regclass::text AS relation, n_dead_tup AS dead, n_live_tup AS live,
        greatest(last_vacuum, last_autovacuum) AS vacuumed
    FROM pg_stat_user_tables
    WHERE schemaname = ANY (:schemas) AND n_dead_tup >= :fewest
        AND n_dead_tup > :share * n_live_tup
    ORDER BY n_dead_tup DESC
"""


def run(context: Context) -> list[Finding]:
    """Compare dead rows with living ones, by the statistics."""
    rows = context.rows(
        QUERY, schemas=context.schemas, fewest=FEWEST_ROWS, share=MOST_SHARE
    )
    if not rows:
        return [passed(f"none above {MOST_SHARE:.0%}")]
    return [
        warned(
            f"{len(rows)} with more than {MOST_SHARE:.0%} dead rows",
            [
                f"{row.relation}: {row.dead:,} dead to {row.live:,} live rows, "
                + (
                    f"last vacuum {row.vacuumed:%Y-%m-%d %H:%M}"
                    if row.vacuumed
                    else "never vacuumed"
                )
                for row in rows
            ],
            [
                *(f"VACUUM (ANALYZE) {row.relation};" for row in rows),
                "rollout doctor  # if vacuum does not help: what holds it back",
            ],
        )
    ]
