"""One component taken away, and brought back, while the rest stays at its revision.

A component is a table (option ``components`` in alembic.ini). Its table is parked; the
views over it are dropped, after what makes them again is written down in
``parked.components``: text, options, owner, grants, comments, triggers.
"""

import re
from typing import Any

from sqlalchemy import Connection, text

from rollout.commands import state, view_text
from rollout.commands.alone import alone, log
from rollout.commands.target import Target
from rollout.errors import RolloutError
from rollout.running.locks import lock_statement, until_granted
from rollout.sqltext import split_name

TABLE = """
    CREATE TABLE IF NOT EXISTS parked.components (
        name TEXT CONSTRAINT components_pkey PRIMARY KEY,
        table_name TEXT NOT NULL,
        views TEXT[] NOT NULL,
        statements TEXT[] NOT NULL,
        parked_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        parked_by TEXT NOT NULL DEFAULT current_user
    )
"""
KNOWN = text("SELECT to_regclass('parked.components') IS NOT NULL")
REMEMBER = text("""
    INSERT INTO parked.components (name, table_name, views, statements)
    VALUES (:name, :table_name, :views, :statements)
    ON CONFLICT (name) DO UPDATE SET table_name = EXCLUDED.table_name,
        views = EXCLUDED.views, statements = EXCLUDED.statements,
        parked_at = now(), parked_by = current_user
""")
FORGET = text("DELETE FROM parked.components WHERE name = :name")
EMPTY = text("SELECT NOT EXISTS (SELECT FROM parked.components)")


class UnknownComponent(RolloutError):
    """alembic.ini names no such component."""

    def __init__(self, name: str, known: dict[str, str]) -> None:
        self.name = name
        names = ", ".join(known) or "none"
        super().__init__(
            f"there is no component {name!r}.\n"
            "Nothing was changed.\n"
            f"alembic.ini names these (option components): {names}.\n"
            f"Try: rollout rollback --only {next(iter(known), 'NAME')}"
        )


def configured(target: Target) -> dict[str, str]:
    """Component → its table.

    Raises:
        RolloutError: A line of the option is not ``name: schema.table``.
    """
    found = {}
    for line in filter(None, map(str.strip, target.option("components").splitlines())):
        match = re.fullmatch(r"(\w+)\s*:\s*(\w+\.\w+)", line)
        if match is None:
            raise RolloutError(
                f"components in alembic.ini has a line that cannot be read: {line}\n"
                "Nothing was changed.\nA line is a name and a table:\n"
                "    snapshots: public.user_portfolio_snapshots"
            )
        found[match[1]] = match[2]
    return found


def parked(connection: Connection) -> list[dict[str, Any]]:
    """The components that are away now."""
    if not connection.scalar(KNOWN):
        return []
    query = (
        "SELECT name, table_name, views, parked_at FROM parked.components ORDER BY 1"
    )
    return state.rows(connection, text(query))


def park(target: Target, name: str, table: str) -> list[str]:
    """Park the table, drop the views on it; return their names. One transaction.

    Locks: ACCESS EXCLUSIVE on the table and on the views, for a moment, taken without
        queueing.
    """
    with alone(target, f"rollback --only {name}") as transaction:
        connection = transaction.connection
        views = view_text.depending(connection, table)
        connection.exec_driver_sql(TABLE)
        remembered = {
            "name": name, "table_name": table, "views": [v.name for v in views],
            "statements": [line for v in views for line in v.statements],
        }  # fmt: skip
        connection.execute(REMEMBER, remembered)
        drops = "".join(f"DROP VIEW {view.name}; " for view in reversed(views))
        lock = lock_statement([table], "ACCESS EXCLUSIVE")
        move = f"{drops}ALTER TABLE {table} SET SCHEMA parked"
        until_granted(
            connection, f"{lock}; {move}", tables=(table, *(v.name for v in views)),
            mode="ACCESS EXCLUSIVE",
        )  # fmt: skip
        command, what = f"rollback --only {name}", f"component {name} parked"
        log(target, connection, command, "ROLLBACK", what)
    return [view.name for view in reversed(views)]


def restore(target: Target, name: str, table: str) -> list[str]:
    """Bring the table and its views back; return the views' names. One transaction.

    Locks: ACCESS EXCLUSIVE on the parked table, for a moment, taken without queueing.
    """
    schema, short = split_name(table)
    with alone(target, f"restore {name}") as transaction:
        connection = transaction.connection
        query = text(
            "SELECT views, statements FROM parked.components WHERE name = :name"
        )
        row = connection.execute(query, {"name": name}).one()
        lock = lock_statement([f"parked.{short}"], "ACCESS EXCLUSIVE")
        move = f"ALTER TABLE parked.{short} SET SCHEMA {schema}"
        until_granted(
            connection, f"{lock}; {move}", tables=(f"parked.{short}",),
            mode="ACCESS EXCLUSIVE",
        )  # fmt: skip
        view_text.make_again(connection, row.views, row.statements)
        forget(connection, name)
        what = f"component {name} restored"
        log(target, connection, f"restore {name}", "CREATE", what)
    return list(row.views)


def forget(connection: Connection, name: str) -> None:
    """Take a component off the list, and the list away when it is empty."""
    connection.execute(FORGET, {"name": name})
    if connection.scalar(EMPTY):
        connection.exec_driver_sql("DROP TABLE parked.components")
