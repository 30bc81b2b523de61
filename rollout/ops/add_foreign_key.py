"""Add a foreign key to a table in use, or from a new table to one in use."""

from collections.abc import Sequence

from alembic import op

from rollout.ops.constraint import constraint_exists, validate_constraint
from rollout.ops.lock_tables import lock_tables
from rollout.ops.sql import bind, is_offline, run_sql
from rollout.running.locks import until_granted

MODE = "SHARE ROW EXCLUSIVE"


def add_foreign_key(
    name: str,
    table: str,
    columns: Sequence[str],
    referenced: str,
    referenced_columns: Sequence[str],
    *,
    on_delete: str = "NO ACTION",
    validate: bool = True,
) -> None:
    """Add foreign key ``name``, NOT VALID first, then VALIDATE.

    Can be repeated. In the transaction that made ``table``, call it last: the lock on
    ``referenced`` is then held for the moment before the commit only. For a ``table``
    with rows, call it with ``validate=False`` and validate in a step of its own
    (:func:`validate_constraint` in an autocommit block), so that the lock is not held
    while rows are read.

    Locks: SHARE ROW EXCLUSIVE on ``table`` and ``referenced``: writes stop for that
        moment, reads go on. Taken without queueing. Validation takes SHARE UPDATE
        EXCLUSIVE on ``table`` and ROW SHARE on ``referenced``.
    Source: PostgreSQL manual, ALTER TABLE, "ADD table_constraint [NOT VALID]".
    """
    statement = (
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({', '.join(columns)}) "
        f"REFERENCES {referenced} ({', '.join(referenced_columns)}) "
        f"ON DELETE {on_delete} NOT VALID"
    )
    if is_offline():
        lock_tables(table, referenced, mode=MODE)
        run_sql(statement)
    elif not constraint_exists(name, table):
        lock_tables(table, referenced, mode=MODE)
        until_granted(bind(), statement, tables=(table, referenced), mode=MODE)
    if validate:
        validate_constraint(name, table)


def drop_foreign_key(name: str, table: str, referenced: str) -> None:
    """Drop foreign key ``name``. Can be repeated.

    Locks: ACCESS EXCLUSIVE on ``table`` and ``referenced``, for a moment, taken without
        queueing: PostgreSQL drops the key's triggers on both.
    """
    lock_tables(table, referenced)
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
