"""COPY FROM STDIN under each driver, and what a failure of the server says.

SQLAlchemy has no COPY: the driver's own connection is used, inside the transaction that
SQLAlchemy has begun on it.
"""

import io
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

__all__ = ["copy", "line_and_column", "primary", "sqlstate"]

# The words of the context are translated by lc_messages; numbers and names are not:
# COPY bulk_0f, line 17, column amount: "…"
CONTEXT = re.compile(r"bulk_[0-9a-f]{32}\D+(\d+)(?:, \S+ \"?(\w+)\"?)?")


def copy(
    connection: Connection, table: str, columns: Sequence[str], data: bytes
) -> None:
    """Send ``data``, COPY text in UTF-8, to temporary table ``table``.

    Raises:
        Exception: The driver's own, not SQLAlchemy's. ``sqlstate`` reads it.
    """
    names = ", ".join(f'"{name}"' for name in columns)
    statement = f"COPY pg_temp.{table} ({names}) FROM STDIN (ENCODING 'UTF8')"
    driver: Any = connection.connection.driver_connection
    adapted: Any = connection.connection.dbapi_connection
    match connection.dialect.driver, connection.dialect.is_async:
        case "psycopg2", False:
            with driver.cursor() as cursor:
                cursor.copy_expert(statement, io.BytesIO(data))
        case "psycopg", False:
            with driver.cursor() as cursor, cursor.copy(statement) as copying:
                copying.write(data)
        case (("psycopg" | "psycopg_async"), True):
            adapted.run_async(lambda driver: _psycopg(driver, statement, data))
        case "asyncpg", True:
            adapted.run_async(lambda driver: _asyncpg(driver, table, columns, data))
        case name, _:
            raise TypeError(
                f"bulk knows no COPY under driver {name}. "
                "Use psycopg2, psycopg (3) or asyncpg."
            )


async def _psycopg(driver: Any, statement: str, data: bytes) -> None:
    async with driver.cursor() as cursor, cursor.copy(statement) as copying:
        await copying.write(data)


async def _asyncpg(driver: Any, table: str, columns: Sequence[str], data: bytes) -> Any:
    return await driver.copy_to_table(
        table,
        schema_name="pg_temp",
        columns=columns,
        source=io.BytesIO(data),
        format="text",
        encoding="utf-8",
    )


def _of_driver(error: BaseException) -> Any:
    """The driver's own exception: SQLAlchemy wraps it, for asyncpg twice."""
    inner: Any = getattr(error, "orig", None) or error
    cause = inner.__cause__
    return cause if hasattr(cause, "sqlstate") else inner


def sqlstate(error: BaseException) -> str | None:
    """Return the five characters of the server's error, None if it is not the server's.

    Source: PostgreSQL manual, Appendix A.
    """
    driver = _of_driver(error)
    code = getattr(driver, "sqlstate", None) or getattr(driver, "pgcode", None)
    return code if isinstance(code, str) else None


def primary(error: BaseException) -> tuple[str, str | None, str | None]:
    """Return the server's message, and the constraint and column that it names.

    The message alone: its detail quotes whole rows, secrets among them.
    """
    driver = _of_driver(error)
    said = getattr(driver, "diag", driver)
    text = getattr(said, "message_primary", None) or getattr(said, "message", None)
    return (
        str(text or driver).splitlines()[0],
        getattr(said, "constraint_name", None),
        getattr(said, "column_name", None),
    )


def line_and_column(error: BaseException) -> tuple[int, str | None] | None:
    """Return which line of COPY the server refused, from 1, and its column."""
    driver = _of_driver(error)
    context = getattr(getattr(driver, "diag", driver), "context", None) or ""
    found = CONTEXT.search(context)
    return (int(found[1]), found[2]) if found else None
