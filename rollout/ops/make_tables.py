"""Make tables from SQL files, each with its comments, row level security and grants."""

import re
from collections.abc import Mapping
from pathlib import Path

from alembic import op

from rollout.ops.grant_only import grant_only
from rollout.ops.lock_tables import lock_tables
from rollout.ops.park_table import exists, park_table, restore_table
from rollout.ops.sql import is_offline, run_sql, sql_file
from rollout.sqltext import literal

STATEMENT_END = re.compile(r";[ \t]*$", re.MULTILINE)
TABLE_COMMENT = re.compile(r"\A((?:-- .*\n)+)CREATE TABLE (\S+) \(", re.MULTILINE)
COLUMN = re.compile(r"^ {4}([a-z_][a-z0-9_]*) [^\n]*?(?:-- (.*))?$", re.MULTILINE)

Grants = Mapping[str, str]
"""Role to privileges, as :func:`rollout.ops.grant_only` takes them."""


def make_tables(revision_file: str, tables: Mapping[str, Grants]) -> list[str]:
    """Make ``tables``, or bring them back from ``parked``; return those made anew.

    Each is a file ``sql/NNN_<schema>_<table>.sql`` with CREATE TABLE first, then its
    indexes, policies and triggers, every statement ended by a semicolon at a line's
    end. The comment lines above CREATE TABLE are the table's comment, and what follows
    ``--`` on a column's first line is the column's; none may lack one. Row level
    security is enabled, and nobody has more rights than ``tables`` says.

    A foreign key to a table made in the same call stands in the file. One to a table
    in use comes afterwards, by add_foreign_key, for the tables returned: one that comes
    back has its keys.

    Locks: none on tables in use.
    """
    # Offline the exchange with what is parked happens in this order: a table can only
    # be dropped for it once nothing refers to it.
    new = [t for t in reversed(list(tables)) if not restore_table(t)]
    new.reverse()
    number = Path(revision_file).name.split("_", 1)[0]
    for table in new:
        name = f"{number}_{table.replace('.', '_')}.sql"
        first, *more = statements(sql_file(revision_file, name))
        run_sql(first)
        for comment in comments(first):
            run_sql(comment)
        for statement in more:
            run_sql(statement)
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        grant_only(table, tables[table])
    return new


def park_tables(tables: Mapping[str, Grants]) -> None:
    """Park ``tables``, the last one first. The counterpart of :func:`make_tables`.

    Locks: ACCESS EXCLUSIVE on all of them at once, a moment, taken without queueing.
    """
    if standing := [table for table in tables if is_offline() or exists(table)]:
        lock_tables(*standing)
    for table in reversed(list(tables)):
        park_table(table)


def statements(text: str) -> list[str]:
    """The statements of a file without dollar quotes."""
    return [part.strip() for part in STATEMENT_END.split(text) if part.strip()]


def comments(create_table: str) -> list[str]:
    """COMMENT statements for a CREATE TABLE with comments in its text.

    Raises:
        ValueError: The table or a column has none.
    """
    head = TABLE_COMMENT.match(create_table)
    if head is None:
        raise ValueError(
            f"no comment above CREATE TABLE: {create_table.strip()[:60]}…\n"
            "Say in a line of its own, above it, what a row is: -- One row a …"
        )
    table = head[2]
    told = " ".join(line.removeprefix("-- ") for line in head[1].splitlines())
    made = [f"COMMENT ON TABLE {table} IS {literal(told)}"]
    for name, comment in COLUMN.findall(create_table[head.end() :]):
        if not comment:
            raise ValueError(
                f"{table}.{name} has no comment.\n"
                "Say on its line what it holds, with the unit: -- Length in seconds"
            )
        made.append(f"COMMENT ON COLUMN {table}.{name} IS {literal(comment.strip())}")
    return made
