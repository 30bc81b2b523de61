"""Add a CHECK to a table in use."""

from rollout.ops.autocommit import autocommit
from rollout.ops.constraint import constraint_exists, validate_constraint
from rollout.ops.lock_tables import lock_tables
from rollout.ops.sql import is_offline, run_sql
from rollout.sqltext import literal

ADD = "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID"
ADD_OFFLINE = """\
DO $add$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_constraint
        WHERE conname = {name_literal} AND conrelid = {table_literal}::regclass
    ) THEN
        {add};
    END IF;
END
$add$"""


def add_check(name: str, table: str, condition: str) -> None:
    """Add constraint ``name`` CHECK (``condition``), NOT VALID first, then VALIDATE.

    New rows are checked from the first step on. Each step commits, so the strong lock
    is gone before rows are read. Can be repeated: a constraint of this name that is
    there is only validated.

    Locks: ACCESS EXCLUSIVE on ``table`` for a moment, taken without queueing; then
        SHARE UPDATE EXCLUSIVE while rows are read: reads and writes go on.

    Raises:
        RolloutError: A row does not satisfy ``condition``. The constraint stays NOT
            VALID and refuses new such rows; mend the old ones and run again.

    Source: PostgreSQL manual, ALTER TABLE, "ADD table_constraint [NOT VALID]"; HomeOps
        strategy, "Column Type Changes", steps 3 and 4.
    """
    add = ADD.format(table=table, name=name, condition=condition)
    if is_offline():
        lock_tables(table)
        names = {"name_literal": literal(name), "table_literal": literal(table)}
        run_sql(ADD_OFFLINE.format(add=add, **names))
    elif not constraint_exists(name, table):
        lock_tables(table)
        run_sql(add)
    with autocommit():
        validate_constraint(name, table)


def drop_check(name: str, table: str) -> None:
    """Drop constraint ``name``. Can be repeated.

    Locks: ACCESS EXCLUSIVE on ``table``, for a moment, taken without queueing.
    """
    if is_offline() or constraint_exists(name, table):
        lock_tables(table)
        run_sql(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
