"""ANALYZE and VACUUM of the project's tables, and updates of extensions."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2.extensions import quote_ident
from sqlalchemy import URL, Connection, Engine, text

from rollout import database
from rollout.embedded import url_text
from rollout.errors import RolloutError

TABLES = text("""
    SELECT c.oid::regclass::text AS name, n.nspname AS schema, c.relname AS table
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname = ANY (CAST(:schemas AS text[]))
    ORDER BY 2, 3
""")
OUTDATED = text("""
    SELECT e.extname AS name, e.extversion AS installed, a.default_version AS available
    FROM pg_catalog.pg_extension AS e
    JOIN pg_catalog.pg_available_extensions AS a ON a.name = e.extname
    WHERE a.default_version <> e.extversion ORDER BY 1
""")


@dataclass(frozen=True)
class Table:
    """A table that maintenance may be for; ``name`` is written out and quoted."""

    name: str
    schema: str
    table: str


@dataclass(frozen=True)
class Extension:
    """An installed extension of which the server has another version."""

    name: str
    installed: str
    available: str


@dataclass(frozen=True)
class Done:
    """What became of one object: milliseconds, or why it was left out."""

    name: str
    ms: int
    left_out: str | None = None

    def told(self) -> str:
        """One line for people."""
        return f"{self.name}: {self.left_out or f'{self.ms:,} ms'}"


def tables(connection: Connection, schemas: Sequence[str]) -> list[Table]:
    """The tables in ``schemas``; call it with an empty search_path."""
    rows = connection.execute(TABLES, {"schemas": list(schemas)}).mappings()
    return [Table(**row) for row in rows]


def outdated(connection: Connection) -> list[Extension]:
    """Extensions of which the server offers another version than is installed."""
    return [Extension(**row) for row in connection.execute(OUTDATED).mappings()]


@contextmanager
def patient(engine: Engine) -> Iterator[Connection]:
    """A connection for VACUUM: outside of transactions, and without time limit.

    A pooler would hand the setting on to somebody else, so there the limit stays.
    """
    with engine.connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        if not database.is_pooled(connection):
            connection.exec_driver_sql("SET statement_timeout = 0")
        yield connection


def analyze(connection: Connection, table: Table) -> Done:
    """Refresh the statistics that the planner goes by.

    Locks: SHARE UPDATE EXCLUSIVE on the table, if free: reads and writes go on.
    """
    return _run(_driver(connection), table.name, f"ANALYZE (SKIP_LOCKED) {table.name}")


def vacuum(connection: Connection, table: Table) -> Done:
    """Take dead rows away, and refresh the statistics.

    Locks: SHARE UPDATE EXCLUSIVE on the table, if free: reads and writes go on.
    """
    return _run(
        _driver(connection), table.name, f"VACUUM (ANALYZE, SKIP_LOCKED) {table.name}"
    )


def update(url: URL, extension: Extension) -> Done:
    """Update an extension to the version that the server has.

    As the first statement of a session of its own: any statement loads the old library
    of timescaledb, and an update is refused from then on. So there is no SET before it,
    and the server's statement_timeout holds.
    """
    driver = psycopg2.connect(url_text(url), application_name="rollout")
    try:
        driver.autocommit = True
        quoted = quote_ident(extension.name, driver)
        return _run(driver, extension.name, f"ALTER EXTENSION {quoted} UPDATE")
    finally:
        driver.close()


def _driver(connection: Connection) -> Any:
    """The driver's own connection: SQLAlchemy takes the warnings away."""
    driver = connection.connection.driver_connection
    assert driver is not None
    return driver


def _run(driver: Any, name: str, statement: str) -> Done:
    """Run it; what it skips for want of a right or a lock it says by a warning."""
    driver.notices.clear()
    started = time.monotonic()
    left_out = None
    try:
        with driver.cursor() as cursor:
            cursor.execute(statement)
        warnings = [n for n in driver.notices if n.startswith("WARNING")]
        left_out = warnings[-1].partition(":")[2].strip() if warnings else None
    except psycopg2.Error as error:
        if driver.closed:
            raise RolloutError(
                f"the connection was lost during {statement}: {error}\n"
                "What was done before it stands.\nRun the same command again."
            ) from error
        left_out = str(error).strip().splitlines()[0]
    return Done(name, round((time.monotonic() - started) * 1000), left_out)
