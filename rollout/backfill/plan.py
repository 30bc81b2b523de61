"""What is to be done, cut into ranges of the key that workers take one by one."""

import hashlib
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import Connection, text

ROWS_A_RANGE = 20_000
MOST_RANGES = 64
SAMPLED_ROWS = 6_400


@dataclass(frozen=True)
class Backfill:
    """One backfill of one revision.

    ``statement`` changes the rows whose ``key`` is between ``:first`` and ``:last``,
    both included, and is safe to repeat.
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


def ensure_ranges(connection: Connection, backfill: Backfill, workers: int) -> None:
    """Write the ranges down, unless an earlier run did; commits."""
    key = {"revision": backfill.revision, "name": backfill.progress_name}
    known = connection.scalar(
        text(
            "SELECT EXISTS (SELECT FROM migrations.backfill_progress "
            "WHERE revision = :revision AND name = :name)"
        ),
        key,
    )
    if not known:
        bounds = [None, *_bounds(connection, backfill, workers), None]
        for number, (lower, upper) in enumerate(pairwise(bounds)):
            connection.execute(
                text("""
                    INSERT INTO migrations.backfill_progress
                        (revision, name, range_no, position, upper_bound)
                    VALUES (:revision, :name, :number, :lower, :upper)
                """),
                key | {"number": number, "lower": lower, "upper": upper},
            )
    connection.commit()


def _bounds(connection: Connection, backfill: Backfill, workers: int) -> list[str]:
    """Keys that cut the table into about equal parts, from a sample of its pages."""
    rows = estimated_rows(connection, backfill.source)
    ranges = min(MOST_RANGES, rows // ROWS_A_RANGE)
    if workers < 2 or ranges < 2:
        return []
    percent = min(100.0, 100.0 * SAMPLED_ROWS / rows)
    fractions = ", ".join(str(n / ranges) for n in range(1, ranges))
    bounds = connection.scalar(
        text(f"""
            SELECT CAST(percentile_disc(ARRAY[{fractions}])
                WITHIN GROUP (ORDER BY {backfill.key}) AS text[])
            FROM {backfill.source} TABLESAMPLE SYSTEM ({percent:.6f})
        """)
    )
    return sorted(set(bounds or []), key=(bounds or []).index)
