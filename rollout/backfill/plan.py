"""What is to be done."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Backfill:
    """One backfill of one revision.

    ``statement`` changes the rows whose ``key`` is in the array ``:keys``, and is safe
    to repeat.
    """

    revision: str
    name: str
    source: str
    key: str
    statement: str
    reject_row: str | None = None

    @property
    def progress_name(self) -> str:
        """Name in migrations.backfill_progress; a changed statement starts anew."""
        digest = hashlib.sha256(f"{self.source} {self.statement}".encode()).hexdigest()
        return f"{self.name}:{digest[:8]}"


def estimated_rows(connection: Connection, table: str) -> int:
    """Rows according to statistics; a guess from the size where there are none yet."""
    return int(
        connection.scalar(
            text("""
                SELECT CASE WHEN reltuples >= 0 THEN reltuples
                    ELSE pg_catalog.pg_relation_size(oid) / 100 END
                FROM pg_catalog.pg_class WHERE oid = CAST(:table AS regclass)
            """),
            {"table": table},
        )
        or 0
    )
