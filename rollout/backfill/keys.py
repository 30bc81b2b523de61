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
from rollout.terminal import notice

ROWS_A_RANGE = 5_000
"""About so many keys make one range, which one worker takes."""
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
KEEP = text("""
    INSERT INTO migrations.backfill_progress
        (revision, name, range_no, keys, row_count, done)
    VALUES (
        :revision, :name, :number, CAST(:keys AS text[]),
        cardinality(CAST(:keys AS text[])), :number = 0
    )
    RETURNING row_count
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
    """
    this = {"revision": backfill.revision, "name": backfill.progress_name}
    with engine.connect() as writer:
        if writer.scalar(COMPLETE, this):
            return
        writer.execute(text(FORGET), this)
        writer.commit()
        tell = _Teller(backfill.name, verify)
        number = 0
        with engine.connect() as reader:
            for number, keys in enumerate(_ranges(reader, backfill), 1):
                tell(_keep(writer, this | {"number": number, "keys": keys}))
        # Its row says that the list is complete.
        _keep(writer, this | {"number": 0, "keys": "{}"})


def key_type(connection: Connection, backfill: Backfill) -> str:
    """The type of the key, as SQL."""
    names = {"table": backfill.source, "key": backfill.key}
    return str(connection.scalar(TYPE, names))


def _keep(writer: Connection, values: dict[str, object]) -> int:
    """Add a range. After a crash of the server its end is missing, never its middle."""
    writer.exec_driver_sql("SET LOCAL synchronous_commit = off")
    rows = writer.scalar(KEEP, values)
    writer.commit()
    return int(rows or 0)


def _ranges(reader: Connection, backfill: Backfill) -> Iterator[str]:
    """Arrays of keys as text, some pages at a time, all of one snapshot."""
    reader.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    pages = int(reader.scalar(PAGES, {"table": backfill.source}) or 0)
    rows_a_page = estimated_rows(reader, backfill.source) / max(1, pages)
    step = max(1, int(ROWS_A_RANGE / max(1.0, rows_a_page)))
    for page in range(0, max(1, pages), step):
        # The last one is open: nothing depends on the number of pages.
        end = f"AND ctid < '({page + step},0)'" if page + step < pages else ""
        keys = reader.exec_driver_sql(
            f"SELECT CAST(array_agg({backfill.key}) AS text) FROM {backfill.source} "
            f"WHERE ctid >= '({page},0)' {end}"
        ).scalar()
        if keys is not None:
            yield keys


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
