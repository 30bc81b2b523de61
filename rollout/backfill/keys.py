"""The keys that a backfill goes through, in the order in which the rows lie on disk.

In the order of the key itself, each row of a batch would lie on a page of its own where
keys are random, as UUIDs are, and so would the row of the user that it belongs to. Each
such page is read, dirtied by a row lock, and written whole into the WAL after every
checkpoint.
"""

import time
from collections.abc import Callable, Iterator

from sqlalchemy import Connection, Engine, text

from rollout.backfill.plan import Backfill, estimated_rows
from rollout.sqltext import literal, verbatim
from rollout.terminal import notice

ROWS_A_RANGE = 5_000
"""At most so many keys make one range, which one worker takes."""
NEAR_ROWS = 20_000
"""Rows so near to each other on disk are done in the order of their keys."""
CHECK_EVERY_S = 1.0
TELL_EVERY_S = 5.0

COMPLETE = text("""
    SELECT EXISTS (
        SELECT FROM migrations.backfill_progress
        WHERE revision = :revision AND name = :name AND range_no = 0
    )
""")
FORGET = """
    DELETE FROM migrations.backfill_progress
    WHERE revision = :revision AND name = :name
"""
KEEP = """
    INSERT INTO migrations.backfill_progress
        (revision, name, range_no, keys, row_count)
    SELECT {revision}, {name}, {number} + part,
        array_agg(CAST(key AS text) ORDER BY key), count(*)
    FROM (
        SELECT {key} AS key,
            (row_number() OVER (ORDER BY {key}) - 1) / {rows_a_range} AS part
        FROM {source} WHERE {pages}
    ) AS near
    GROUP BY part
    RETURNING row_count
"""
LISTED = text("""
    INSERT INTO migrations.backfill_progress
        (revision, name, range_no, keys, row_count, done)
    VALUES (:revision, :name, 0, '{}', 0, true)
""")
# A partitioned table has no pages of its own; the ranges are then of every partition.
PAGES = text("""
    SELECT greatest(
        pg_relation_size(CAST(:table AS regclass)),
        (SELECT max(pg_relation_size(relid)) FROM pg_partition_tree(:table))
    ) / CAST(current_setting('block_size') AS integer)
""")
TYPE = text("""
    SELECT format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute
    WHERE attrelid = CAST(:table AS regclass) AND attname = :key
""")


def ensure_ranges(
    engine: Engine, backfill: Backfill, verify: Callable[[], None]
) -> None:
    """Write the keys down in ranges, unless an earlier run did so to the end; commits.

    The keys are those of one snapshot: a row that is updated meanwhile, and so moves to
    another page, is neither missed nor there twice.

    Args:
        verify: Called every second; what it raises ends the listing.

    Locks: ACCESS SHARE on the source, which its readers take as well.
    """
    this = {"revision": backfill.revision, "name": backfill.progress_name}
    with engine.connect() as writer:
        if writer.scalar(COMPLETE, this):
            return
        writer.execute(text(FORGET), this)
        writer.commit()
        tell = _Teller(backfill.name, verify)
        with engine.connect() as reader:
            reader.exec_driver_sql(
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
            )
            snapshot = str(reader.scalar(text("SELECT pg_export_snapshot()")))
            number = 1
            for pages in _near(reader, backfill):
                kept = _keep(writer, backfill, snapshot, number, pages)
                number += len(kept)
                tell(sum(kept))
        # Its row says that the list is complete.
        writer.execute(LISTED, this)
        writer.commit()


def key_type(connection: Connection, backfill: Backfill) -> str:
    """The type of the key, as SQL."""
    names = {"table": backfill.source, "key": backfill.key}
    return str(connection.scalar(TYPE, names))


def _keep(
    writer: Connection, backfill: Backfill, snapshot: str, number: int, pages: str
) -> list[int]:
    """Add ranges for some pages, as the snapshot sees them; return their rows."""
    writer.exec_driver_sql(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;"
        f"SET TRANSACTION SNAPSHOT {literal(snapshot)};"
        # After a crash of the server the list's end is missing, never its middle.
        "SET LOCAL synchronous_commit = off"
    )
    statement = KEEP.format(
        revision=literal(backfill.revision), name=literal(backfill.progress_name),
        number=number, rows_a_range=ROWS_A_RANGE, key=backfill.key,
        source=backfill.source, pages=pages,
    )  # fmt: skip
    rows = writer.execute(verbatim(statement)).scalars().all()
    writer.commit()
    return list(rows)


def _near(reader: Connection, backfill: Backfill) -> Iterator[str]:
    """Conditions for the rows of some pages each, together for all."""
    pages = int(reader.scalar(PAGES, {"table": backfill.source}) or 0)
    rows_a_page = estimated_rows(reader, backfill.source) / max(1, pages)
    step = max(1, int(NEAR_ROWS / max(1.0, rows_a_page)))
    for page in range(0, max(1, pages), step):
        # The last one is open: nothing depends on the number of pages.
        end = f" AND ctid < '({page + step},0)'" if page + step < pages else ""
        yield f"ctid >= '({page},0)'{end}"


class _Teller:
    """Says how far a long listing is, and that the runner lock is still ours."""

    def __init__(self, name: str, verify: Callable[[], None]) -> None:
        self._name, self._verify, self._rows = name, verify, 0
        self._verified = self._told = time.monotonic()

    def __call__(self, rows: int) -> None:
        self._rows, now = self._rows + rows, time.monotonic()
        if now - self._verified >= CHECK_EVERY_S:
            self._verified = now
            self._verify()
        if now - self._told >= TELL_EVERY_S:
            self._told = now
            notice(f"  {self._name}: {self._rows:,} keys listed")
