"""Change the type of a column in use, and go back without loss."""

import hashlib

from sqlalchemy.exc import DBAPIError

from rollout.bookkeeping import PARKED
from rollout.ops.autocommit import autocommit
from rollout.ops.backfill import backfill
from rollout.ops.found import execute_found, lock_found
from rollout.ops.lock_tables import lock_tables
from rollout.ops.rejects import forget_rejects, refuse_rejects
from rollout.ops.server_functions import drop_functions, make_functions
from rollout.ops.sql import is_offline, run_sql, scalar
from rollout.ops.sync_trigger import drop_sync, sync_column
from rollout.sqltext import literal, split_name

FUNCTIONS = (
    "spare_name",
    "foreign_key_text",
    "refuse_column",
    "column_objects",
    "swap_column",
)

OBJECTS = "migrations.column_objects({tbl}, {col}, {other})"
FILL = """
    UPDATE {table} SET {other} = {other}
    WHERE {key} = ANY (:keys) AND {other} IS NULL AND {column} IS NOT NULL
"""
TABLES = """
    WITH o AS MATERIALIZED (SELECT * FROM {objects})
    SELECT {tbl}::text UNION SELECT owner::text FROM o
    UNION SELECT k.confrelid::regclass::text FROM o JOIN pg_catalog.pg_constraint AS k
        ON k.conrelid = o.owner AND k.conname = o.name AND k.contype = 'f'
"""
CONSTRAIN = """
    SELECT definition FROM {objects} AS o WHERE kind <> 'index' AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_constraint AS k
        WHERE k.conrelid = o.owner AND k.conname = o.spare
    )
"""
# Keys wait for the unique index that they refer to, so they come after the indexes.
NO_KEYS, KEYS = " AND kind <> 'foreign key'", " AND kind = 'foreign key'"
VALIDATE = """
    SELECT format('ALTER TABLE %s VALIDATE CONSTRAINT %I', owner, spare) FROM {objects}
    WHERE kind <> 'index'
"""
DROP_INVALID = """
    SELECT format('DROP INDEX CONCURRENTLY %s', i.indexrelid::regclass)
    FROM {objects} AS o JOIN pg_catalog.pg_index AS i ON i.indrelid = o.owner
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid AND c.relname = o.spare
    WHERE o.kind = 'index' AND NOT i.indisvalid
"""
BUILD = """
    SELECT definition FROM {objects} AS o WHERE kind = 'index' AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
        WHERE i.indrelid = o.owner AND c.relname = o.spare
    )
"""
KEEP = """
    CREATE TABLE IF NOT EXISTS {parked} AS
    SELECT {key}, {old}, {column} AS shown FROM {table} WITH NO DATA
"""
KEEP_KEY = """
    DO $keep$
    BEGIN
        IF NOT EXISTS (
            SELECT FROM pg_catalog.pg_constraint
            WHERE conrelid = {parked_literal}::regclass
        ) THEN
            ALTER TABLE {parked}
                ADD CONSTRAINT {parked_name}_pkey PRIMARY KEY ({key}),
                ADD CONSTRAINT {parked_name}_fkey FOREIGN KEY ({key})
                    REFERENCES {table} ({key}) ON DELETE CASCADE;
        END IF;
    END
    $keep$
"""
# What the new value gives back by itself needs no keeping.
KEEP_ROWS = """
    INSERT INTO {parked} ({key}, {old}, shown)
    SELECT {key}, {old}, {column} FROM {table}
    WHERE {key} = ANY (:keys) AND {old} IS NOT NULL
        AND {old}::text IS DISTINCT FROM ({back})::text
    ON CONFLICT ({key}) DO UPDATE SET {old} = EXCLUDED.{old}, shown = EXCLUDED.shown
"""


class _Names:
    """The names that go into the statements above."""

    def __init__(self, table: str, column: str, other: str, key: str) -> None:
        tbl, parked_name = (
            f"{literal(table)}::regclass",
            f"{split_name(table)[1]}__{column}_old",
        )
        here = {"tbl": tbl, "col": literal(column), "other": literal(other)}
        self.all = {
            "table": table,
            "table_literal": literal(table),
            "tbl": tbl,
            "column": column,
            "other": other,
            "col_literal": literal(column),
            "other_literal": literal(other),
            "old": f"{column}_old",
            "key": key,
            "objects": OBJECTS.format(**here),
            "parked_name": parked_name,
            "parked": f"{PARKED}.{parked_name}",
            "parked_literal": literal(f"{PARKED}.{parked_name}"),
        }

    def run(self, template: str) -> None:
        run_sql(template.format(**self.all))

    def refuse_rejects(self) -> None:
        name = f"{self.all['table']}.{self.all['column']}"
        refuse_rejects(name, f"values of {name}")

    def found(self, template: str) -> None:
        execute_found(template.format(**self.all))


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
        the column joins it to, each for a moment and taken without queueing; rows of
        one batch. Indexes and validation take SHARE UPDATE EXCLUSIVE.

    Raises:
        RolloutError: A value does not fit, or something stands on the column that would
            not come along (a view, a generated column, a partition). What the
            application sees has not changed then.

    AFTER UPDATE triggers without a column list fire for the batches too.

    Source: HomeOps strategy, "Column Type Changes".
    """
    names = _Names(table, column, f"{column}_new", key)
    if not is_offline() and _has(table, names.all["old"]):
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
    _fill(names)
    names.refuse_rejects()
    _build(names)
    _swap(names, retired=names.all["old"], default=default)
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
    names = _Names(table, column, f"{column}_old", key)
    if not is_offline() and not _has(table, names.all["old"]):
        _give_up(table, column, key)
        return
    names.refuse_rejects()
    make_functions(*FUNCTIONS)
    names.run("SELECT migrations.refuse_column({tbl}, {col_literal})")
    _build(names)
    _swap(names, retired=f"{column}_new", default=None)
    drop_sync(table, column)
    names.run("ALTER TABLE {table} DROP COLUMN {column}_new")
    drop_functions(*FUNCTIONS)


def _give_up(table: str, column: str, key: str) -> None:
    """Take away what an interrupted change had put beside the column."""
    names = _Names(table, column, f"{column}_new", key)
    if not _has(table, names.all["other"]):
        return
    make_functions(*FUNCTIONS)
    lock_found(TABLES.format(**names.all))
    drop_sync(table, column)
    # CASCADE: foreign keys of other tables that were built for the new column.
    names.run("ALTER TABLE {table} DROP COLUMN {other} CASCADE")
    forget_rejects(f"{table}.{column}")
    drop_functions(*FUNCTIONS)


def finish_column_type(
    table: str, column: str, *, back: str | None = None, key: str = "id"
) -> None:
    """Drop ``<column>_old``. Old values that ``back`` does not give are parked.

    They are in ``parked.<table>__<column>_old``, beside the value that they became.

    Locks: SHARE ROW EXCLUSIVE on ``table`` for a moment, ACCESS EXCLUSIVE for a moment
        at the end, both taken without queueing. Can be repeated.
    """
    names = _Names(table, column, f"{column}_old", key)
    if not is_offline() and not _has(table, names.all["old"]):
        return
    names.all["back"] = back or column
    lock_tables(table, mode="SHARE ROW EXCLUSIVE")
    names.run(KEEP)
    names.run(KEEP_KEY)
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

    Locks: as :func:`change_column_type`, up to its batches.

    Raises:
        RolloutError: A value does not fit the old type.
    """
    names = _Names(table, column, f"{column}_old", key)
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
    _fill(names)
    names.refuse_rejects()
    sync_column(
        table, names.all["old"], follows=column, called=column, key=key,
        using=back, back=using or column,
    )  # fmt: skip
    names.run("DROP TABLE IF EXISTS {parked}")


def _has(table: str, column: str) -> bool:
    return bool(
        scalar(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute "
            "WHERE attrelid = to_regclass(:table) AND attname = :column)",
            table=table,
            column=column,
        )
    )


def _fill(names: _Names) -> None:
    # A changed expression is a changed statement, so that its batches begin anew.
    digest = hashlib.sha256(names.all["using"].encode()).hexdigest()[:8]
    backfill(
        f"filling {names.all['table']}.{names.all['other']}",
        source=names.all["table"],
        key=names.all["key"],
        statement=FILL.format(**names.all).strip() + f" /* {digest} */",
    )


def _build(names: _Names) -> None:
    """Build beside the column what will stand on it."""
    lock_tables(names.all["table"])
    names.found(CONSTRAIN + NO_KEYS)
    with autocommit():
        names.found(DROP_INVALID)
        try:
            names.found(BUILD)
        except DBAPIError:
            # An invalid unique index would go on refusing the application's rows.
            names.found(DROP_INVALID)
            raise
    lock_found(TABLES.format(**names.all), "SHARE ROW EXCLUSIVE")
    names.found(CONSTRAIN + KEYS)
    with autocommit():
        names.found(VALIDATE)


def _swap(names: _Names, retired: str, default: str | None) -> None:
    lock_found(TABLES.format(**names.all))
    names.refuse_rejects()
    arguments = f"{{tbl}}, {{col_literal}}, {{other_literal}}, {literal(retired)}"
    names.run(f"SELECT migrations.swap_column({arguments}, {literal(default)})")
