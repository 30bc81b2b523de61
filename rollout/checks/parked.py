"""What downgrades have put aside and nobody has brought back or thrown away."""

from typing import Any

from sqlalchemy import Row

from rollout.checks.context import Context
from rollout.checks.finding import Finding, passed, warned

TITLE = "tables left in the schema parked"

# When it was parked is known from the journal: for columns by the revision in the name,
# for tables by the earliest revision that stands rolled back.
TABLES = """
    SELECT c.oid::regclass::text AS relation, c.relname AS name,
        pg_size_pretty(pg_total_relation_size(c.oid)) AS size,
        CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END AS estimate
    FROM pg_class AS c
    WHERE c.relnamespace = to_regnamespace('parked') AND c.relkind IN ('r', 'p')
    ORDER BY 1
"""
ROLLED_BACK = """
    SELECT migration_file AS file, applied_at FROM migrations.schema_versions
    WHERE status = 'rolled_back' ORDER BY applied_at
"""
COUNTED_BELOW = 100_000
"""Estimated rows up to which the rows are counted."""


def run(context: Context) -> list[Finding]:
    """List the tables with their rows."""
    tables = context.rows(TABLES)
    if not tables:
        return [passed("none")]
    undone = context.rows(ROLLED_BACK)
    return [
        warned(
            f"{len(tables)} parked",
            [_told(context, table, undone) for table in tables],
            ["rollout deploy  # brings them back", "rollout purge  # throws them away"],
        )
    ]


def _told(context: Context, table: Row[Any], undone: Any) -> str:
    rows = table.estimate
    if rows is None or rows <= COUNTED_BELOW:
        rows = context.scalar(f"SELECT count(*) FROM {table.relation}")
    _, _, revision = table.name.rpartition("__")
    dates = [row.applied_at for row in undone if row.file.startswith(f"{revision}_")]
    if not dates:
        dates = [row.applied_at for row in undone][:1]
    since = f", not before {dates[0]:%Y-%m-%d %H:%M}" if dates else ""
    return f"{table.relation}: {rows:,} rows, {table.size}{since}"
