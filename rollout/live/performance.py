"""How the revisions ran: durations and failures, from the journal and the log."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

JOURNAL = text("""
    SELECT version, description, status, applied_at, execution_time_ms AS ms
    FROM migrations.schema_versions ORDER BY execution_time_ms DESC NULLS LAST, version
""")
LOG = """
    SELECT migration_file, count(*) FILTER (WHERE success) AS runs,
        count(*) FILTER (WHERE NOT success) AS failures,
        max(execution_time_ms) FILTER (WHERE success) AS slowest_ms,
        max(executed_at) AS last_at
    FROM {log} GROUP BY 1
"""


@dataclass(frozen=True)
class Performance:
    """Rows of both, slowest first."""

    revisions: list[Mapping[str, Any]]
    runs: list[Mapping[str, Any]]

    @property
    def total_ms(self) -> int:
        """The time of all revisions' last runs."""
        return sum(row["ms"] or 0 for row in self.revisions)

    @property
    def failures(self) -> int:
        """Failed runs ever, as far as the log goes back."""
        return sum(row["failures"] for row in self.runs)


def performance(connection: Connection, log_table: str) -> Performance:
    """Read them; without a log the runs are empty."""
    there = text("SELECT to_regclass(:name) IS NOT NULL")
    runs: list[Mapping[str, Any]] = []
    if log_table and connection.scalar(there, {"name": log_table}):
        query = text(f"{LOG.format(log=log_table)} ORDER BY slowest_ms DESC NULLS LAST")
        runs = [dict(row) for row in connection.execute(query).mappings()]
    return Performance([dict(r) for r in connection.execute(JOURNAL).mappings()], runs)
