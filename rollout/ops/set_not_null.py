"""Forbid NULL in a column of a table in use."""

import hashlib

from rollout.ops.add_check import add_check
from rollout.ops.lock_tables import lock_tables
from rollout.ops.sql import is_offline, run_sql, scalar
from rollout.sqltext import split_name

LONGEST_NAME = 63
"""Bytes; PostgreSQL cuts longer names, and would not find ours again."""

NOT_NULL = """
    SELECT attnotnull FROM pg_catalog.pg_attribute
    WHERE attrelid = to_regclass(:table) AND attname = :column
"""


def set_not_null(table: str, column: str) -> None:
    """SET NOT NULL without reading rows under a strong lock.

    PostgreSQL takes a validated CHECK (column IS NOT NULL) as proof and does not look
    at the rows again; then the check has done its work and is dropped. Can be repeated.

    Locks: ACCESS EXCLUSIVE on ``table`` for a moment, twice, taken without queueing; in
        between SHARE UPDATE EXCLUSIVE while rows are read: reads and writes go on.

    Raises:
        RolloutError: There are NULLs. The check stays NOT VALID and refuses new ones;
            fill the old ones and run again.

    Source: PostgreSQL manual, ALTER TABLE, "SET NOT NULL" (since version 12).
    """
    if not is_offline() and scalar(NOT_NULL, table=table, column=column):
        return
    proof = _proof(table, column)
    add_check(proof, table, f"{column} IS NOT NULL")
    lock_tables(table)
    # Two statements: in one, the check would be dropped before it is looked for.
    run_sql(f"ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL")
    run_sql(f"ALTER TABLE {table} DROP CONSTRAINT {proof}")


def drop_not_null(table: str, column: str) -> None:
    """DROP NOT NULL. Can be repeated.

    Locks: ACCESS EXCLUSIVE on ``table``, for a moment, taken without queueing.
    """
    lock_tables(table)
    run_sql(f"ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL")


def _proof(table: str, column: str) -> str:
    """The check's name. Not ``_not_null``: PostgreSQL 18 takes that for its own."""
    name = f"{split_name(table)[1]}_{column}_is_set"
    if len(name.encode()) <= LONGEST_NAME:
        return name
    return f"is_set_{hashlib.sha256(name.encode()).hexdigest()[:16]}"
