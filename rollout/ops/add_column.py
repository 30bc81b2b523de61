"""Add columns to a table in use."""

import re

from sqlalchemy import Column
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateColumn

from rollout.ops.lock_tables import lock_tables
from rollout.ops.sql import run_sql

STABLE = {"now", "current_date", "current_timestamp", "current_user"}
"""Functions whose default PostgreSQL evaluates once, at ALTER TABLE."""


def add_column(table: str, *columns: "Column[object]") -> None:
    """Add ``columns``, with their defaults, in one ALTER TABLE. Can be repeated.

    Constant defaults are kept in the catalog: no row is rewritten, whatever the size.

    Locks: ACCESS EXCLUSIVE on ``table``, for a moment, taken without queueing.

    Raises:
        ValueError: A default calls a volatile function: PostgreSQL would rewrite the
            table. Add the column without it, backfill, then set the default.

    Source: PostgreSQL manual, ALTER TABLE, "Notes" on ADD COLUMN with a default.
    """
    for column in columns:
        _refuse_rewrite(column)
    clauses = ", ".join(
        f"ADD COLUMN IF NOT EXISTS {_ddl(column)}" for column in columns
    )
    lock_tables(table)
    run_sql(f"ALTER TABLE {table} {clauses}")


def _ddl(column: "Column[object]") -> str:
    return str(CreateColumn(column).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]


def _refuse_rewrite(column: "Column[object]") -> None:
    calls = {
        name.lower()
        for name in re.findall(r"(\w+)\s*\(", _ddl(column).partition("DEFAULT")[2])
    }
    if volatile := calls - STABLE:
        raise ValueError(
            f"the default of {column.name} calls {', '.join(sorted(volatile))}():\n"
            "adding it would rewrite every row under ACCESS EXCLUSIVE. Add the column\n"
            "without a default, backfill it, then ALTER COLUMN … SET DEFAULT."
        )
