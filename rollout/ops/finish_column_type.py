"""End the way back of a changed column type; or open it again."""

from rollout.ops.backfill import backfill
from rollout.ops.column_swap import Names, fill, has_column
from rollout.ops.lock_tables import lock_tables
from rollout.ops.park_table import exists
from rollout.ops.parked_copy import make_parked_copy
from rollout.ops.sql import is_offline
from rollout.ops.sync_column import sync_column
from rollout.ops.sync_trigger import drop_sync

# What the new value gives back by itself needs no keeping.
KEEP_ROWS = """
    INSERT INTO {parked} ({key}, {old}, shown)
    SELECT {key}, {old}, {column} FROM {table}
    WHERE {key} = ANY (:keys) AND {old} IS NOT NULL
        AND {old}::text IS DISTINCT FROM ({back})::text
    ON CONFLICT ({key}) DO UPDATE SET {old} = EXCLUDED.{old}, shown = EXCLUDED.shown
"""


def finish_column_type(
    table: str, column: str, *, back: str | None = None, key: str = "id"
) -> None:
    """Drop ``<column>_old``. Old values that ``back`` does not give are parked.

    They are in ``parked.<table>__<column>_old``, beside the value that they became.

    Locks: SHARE ROW EXCLUSIVE on ``table`` for a moment, ACCESS EXCLUSIVE for a moment
        at the end, both taken without queueing. Can be repeated.
    """
    names = Names(table, column, f"{column}_old", key)
    if not is_offline() and not has_column(table, names.all["old"]):
        return
    names.all["back"] = back or column
    lock_tables(table, mode="SHARE ROW EXCLUSIVE")
    make_parked_copy(
        table, names.all["parked_name"], key, names.text("{old}, {column} AS shown")
    )
    rows = KEEP_ROWS.format(**names.all)
    backfill(
        f"parking old values of {table}.{column}", source=table, key=key, statement=rows
    )
    drop_sync(table, column)
    names.run("ALTER TABLE {table} DROP COLUMN IF EXISTS {old}")


def resume_column_type(
    table: str,
    column: str,
    old_type: str,
    *,
    using: str | None = None,
    back: str | None = None,
    key: str = "id",
) -> None:
    """Undo :func:`finish_column_type`: ``<column>_old`` is there again, and follows.

    Locks: as :func:`change_column_type`, up to its batches; ACCESS EXCLUSIVE on
        ``table`` for a moment at the end, when the parked table and its foreign key go.

    Raises:
        RolloutError: A value does not fit the old type.
    """
    names = Names(table, column, f"{column}_old", key)
    back = back or column
    names.all |= {"back": back, "using": back, "type": old_type}
    parked = (
        "coalesce((SELECT p.{old} FROM {parked} AS p WHERE p.{key} = NEW.{key} "
        "AND p.shown::text = {column}::text), {back})"
    )
    lock_tables(table)
    names.run("ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {old} {type}")
    sync_column(
        table, names.all["old"], follows=column, called=column, key=key,
        using=parked.format(**names.all), back=using or column,
    )  # fmt: skip
    fill(names)
    names.refuse_rejects()
    if not is_offline() and exists(names.all["parked"]):
        lock_tables(table, names.all["parked"])  # with its foreign key it goes below
    sync_column(
        table, names.all["old"], follows=column, called=column, key=key,
        using=back, back=using or column,
    )  # fmt: skip
    names.run("DROP TABLE IF EXISTS {parked}")
