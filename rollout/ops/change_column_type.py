"""Change the type of a column in use, and go back without loss."""

from rollout.ops.autocommit import autocommit
from rollout.ops.column_swap import (
    FUNCTIONS,
    TABLES,
    Names,
    build,
    fill,
    has_column,
    refuse_other_type,
    swap,
)
from rollout.ops.found import lock_found
from rollout.ops.lock_tables import lock_tables
from rollout.ops.rejects import forget_rejects
from rollout.ops.server_functions import drop_functions, make_functions
from rollout.ops.sql import is_offline
from rollout.ops.sync_column import sync_column
from rollout.ops.sync_trigger import drop_sync


def change_column_type(
    table: str,
    column: str,
    new_type: str,
    *,
    using: str | None = None,
    back: str | None = None,
    default: str | None = None,
    key: str = "id",
) -> None:
    """Change the type of ``column``, by a second column that takes its place.

    The new column is filled by a trigger and in batches, gets the same indexes,
    constraints and foreign keys (both ways), all built while the application works;
    then the two change names in one short transaction. NOT NULL, default, identity,
    comment, column grants, policies, triggers, statistics and owned sequences come
    along. The old column stays as ``<column>_old`` and follows the new one, so that
    :func:`revert_column_type` loses nothing, until :func:`finish_column_type`.

    Commits between its steps; each can be repeated after a kill. Let it be the last
    operation of its revision.

    Args:
        using: The new value as SQL over ``column``, names written out in full; a plain
            cast by default. Its inverse is ``back``.
        default: The new default as SQL; by default the old one, cast.
        key: A unique, indexed, NOT NULL column, for the batches.

    Locks: ACCESS EXCLUSIVE on ``table``, and at the end on tables that a foreign key on
        the column joins it to, or whose policies read it, each for a moment and taken
        without queueing; rows of one batch. Indexes and validation take SHARE UPDATE
        EXCLUSIVE.

    Raises:
        RolloutError: A value does not fit, or something stands on the column that would
            not come along (a view, a generated column, a partition). What the
            application sees has not changed then.

    AFTER UPDATE triggers without a column list fire for the batches too.

    Source: HomeOps strategy, "Column Type Changes".
    """
    names = Names(table, column, f"{column}_new", key)
    if not is_offline() and has_column(table, names.all["old"]):
        refuse_other_type(names, new_type)
        return
    names.all |= {"using": using or column, "type": new_type}
    make_functions(*FUNCTIONS)
    names.run("SELECT migrations.refuse_column({tbl}, {col_literal})")
    names.run("SELECT {using} FROM (SELECT {column} FROM {table} LIMIT 0) AS t")
    lock_tables(table)
    names.run("ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {other} {type}")
    sync_column(
        table, names.all["other"], follows=column, using=using or column, called=column,
        key=key,
    )  # fmt: skip
    fill(names)
    names.refuse_rejects()
    build(names)
    swap(names, retired=names.all["old"], default=default)
    sync_column(
        table, names.all["old"], follows=column, using=back or column, called=column,
        key=key, back=using or column,
    )  # fmt: skip
    drop_functions(*FUNCTIONS)


def revert_column_type(table: str, column: str, *, key: str = "id") -> None:
    """Go back to the old type, with what was written since. Can be repeated.

    A row whose value nobody has changed since gets the very value that it had. Of a
    change that was interrupted and abandoned, the second column is dropped.

    Locks: as :func:`change_column_type`.

    Raises:
        RolloutError: Values written since do not fit the old type; nothing is changed.
    """
    names = Names(table, column, f"{column}_old", key)
    if not is_offline() and not has_column(table, names.all["old"]):
        _give_up(table, column, key)
        return
    names.refuse_rejects()
    make_functions(*FUNCTIONS)
    names.run("SELECT migrations.refuse_column({tbl}, {col_literal})")
    build(names)
    swap(names, retired=f"{column}_new", default=None)
    drop_sync(table, column)
    names.run("ALTER TABLE {table} DROP COLUMN {column}_new")
    drop_functions(*FUNCTIONS)


def _give_up(table: str, column: str, key: str) -> None:
    """Take away what an interrupted change had put beside the column."""
    names = Names(table, column, f"{column}_new", key)
    if not has_column(table, names.all["other"]):
        return
    with autocommit():  # there may be many: not under the locks
        forget_rejects(f"{table}.{column}")
    make_functions(*FUNCTIONS)
    lock_found(TABLES.format(**names.all))
    drop_sync(table, column)
    # CASCADE: foreign keys of other tables that were built for the new column.
    names.run("ALTER TABLE {table} DROP COLUMN {other} CASCADE")
    forget_rejects(f"{table}.{column}")  # those that the trigger added since
    drop_functions(*FUNCTIONS)
