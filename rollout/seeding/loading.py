"""Putting rows into a table, where they are not there yet.

COPY into a temporary table, then INSERT … ON CONFLICT (key) DO NOTHING: fast, and
safe to repeat. A batch is one transaction: an interrupted run goes on where it stopped.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg2
from psycopg2 import extensions
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from rollout import copy_text
from rollout.backfill.progress import progress
from rollout.commands.target import Target
from rollout.errors import RolloutError
from rollout.seeding.rows import Rows
from rollout.sqltext import literal, split_name, verbatim

BATCH_ROWS = 5_000
LOCK_WAIT = "SET LOCAL lock_timeout = '10s'; SET LOCAL TimeZone = 'UTC'"
"""An insert makes nobody queue behind it, so it may wait for a row's lock. A key that
is made of a row's values must not depend on how the session shows times.
"""
COLUMNS = text("""
    SELECT a.attname AS name, (k.conrelid IS NOT NULL) AS in_key,
        a.atttypid = 'uuid'::regtype AS is_uuid
    FROM pg_catalog.pg_attribute AS a
    LEFT JOIN pg_catalog.pg_constraint AS k
        ON k.conrelid = a.attrelid AND k.contype = 'p' AND a.attnum = ANY (k.conkey)
    WHERE a.attrelid = to_regclass(:table) AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attgenerated = ''
    ORDER BY a.attnum
""")


@dataclass(frozen=True)
class Table:
    """A table as it is in the database, with quoted names.

    ``by_content`` says that rows come without their key, a UUID, which is then made of
    their values: the same row gets the same key in every run.
    """

    name: str
    quoted: str
    columns: list[str]
    key: list[str]
    uuid_key: bool = False
    by_content: bool = False

    def incoming(self, columns: Sequence[str]) -> str:
        """SQL that makes the temporary table for one transaction."""
        listed = ", ".join(map(quote, columns))
        return (
            "CREATE TEMPORARY TABLE rollout_incoming ON COMMIT DROP AS"
            f" SELECT {listed} FROM {self.quoted} WHERE false"
        )

    def missing(self) -> str:
        """SQL condition: a row that came in is not there by its key."""
        own = [self._of_content] if self.by_content else self._listed(self.key, "came.")
        same = " AND ".join(
            f"there.{quote(name)} = {value}"
            for name, value in zip(self.key, own, strict=True)
        )
        return f"NOT EXISTS (SELECT FROM {self.quoted} AS there WHERE {same})"

    def insert(self, columns: Sequence[str]) -> str:
        """SQL that puts in what came in and is not there."""
        into, values = list(columns), self._listed(columns, "came.")
        if self.by_content:
            into, values = [*into, *self.key], [*values, self._of_content]
        return (
            f"INSERT INTO {self.quoted} ({', '.join(map(quote, into))})"
            f" SELECT {', '.join(values)}"
            f" FROM rollout_incoming AS came WHERE {self.missing()}"
            f" ON CONFLICT ({', '.join(map(quote, self.key))}) DO NOTHING"
        )

    @property
    def _of_content(self) -> str:
        return f"md5({literal(self.name)} || CAST(came AS text))::uuid"

    @staticmethod
    def _listed(columns: Sequence[str], prefix: str) -> list[str]:
        return [prefix + quote(column) for column in columns]


def find_table(connection: Connection, name: str) -> Table:
    """The table of this name, which must have a primary key.

    Raises:
        RolloutError: There is none, or it has no key.
    """
    try:
        schema, table = split_name(name)
    except ValueError:
        raise RolloutError(
            f"{name} is not a table's name with its schema.\n"
            "Nothing was changed.\n"
            "The schema is always written out, so that no search_path decides.\n"
            f"Try: public.{name}"
        ) from None
    quoted = f"{quote(schema)}.{quote(table)}"
    found = connection.execute(COLUMNS, {"table": quoted}).all()
    key = [row.name for row in found if row.in_key]
    if not key:
        what = "has no primary key" if found else "is not there"
        raise RolloutError(
            f"{name} {what}.\n"
            "Nothing was changed in it.\n"
            "The database stands at an older revision, or the name is wrong.\n"
            "To see where it stands, run: rollout status"
        )
    uuid_key = [row.is_uuid for row in found if row.in_key] == [True]
    return Table(name, quoted, [row.name for row in found], key, uuid_key)


def load(target: Target, rows: Rows) -> tuple[int, int]:
    """Put ``rows`` where they are missing; return how many there are, and were put in.

    Locks: ROW EXCLUSIVE on the table for one batch, KEY SHARE on rows referred to.

    Raises:
        RolloutError: The table is not there, or lacks a column.
    """
    with target.connect() as connection:
        table = find_table(connection, rows.table)
    if rows.key:
        table = replace(table, key=list(rows.key))
    lacking = set(rows.columns) - set(table.columns)
    if needed := ", ".join(sorted(lacking - rows.optional)):
        raise RolloutError(
            f"{rows.table} has no column {needed}.\n"
            "Nothing was changed in it.\n"
            "The database stands at another revision than the seeds are for.\n"
            "Bring it to this checkout's: rollout deploy"
        )
    kept = [i for i, column in enumerate(rows.columns) if column not in lacking]
    columns = [rows.columns[i] for i in kept]
    made, put = list(rows.make()), 0
    with progress(rows.table, len(made)) as report:
        for start in range(0, len(made), BATCH_ROWS):
            batch = made[start : start + BATCH_ROWS]
            lines = "".join(copy_text.line([row[i] for i in kept]) for row in batch)
            put += _put(target, table, columns, lines)
            report(len(batch))
    return len(made), put


def _put(target: Target, table: Table, columns: Sequence[str], lines: str) -> int:
    with target.engine().begin() as connection:
        connection.exec_driver_sql(LOCK_WAIT)
        connection.execute(verbatim(table.incoming(columns)))
        copy(connection, io.StringIO(lines), columns, "FORMAT text")
        # Where nothing is missing, no right to insert is needed either.
        waiting = f"SELECT FROM rollout_incoming AS came WHERE {table.missing()}"
        if not connection.scalar(verbatim(f"SELECT EXISTS ({waiting})")):
            return 0
        return connection.execute(verbatim(table.insert(columns))).rowcount


def copy(connection: Connection, file: Any, columns: Sequence[str], how: str) -> None:
    """COPY ``file`` into the temporary table."""
    driver = connection.connection.driver_connection
    assert driver is not None
    listed = ", ".join(map(quote, columns))
    statement = f"COPY rollout_incoming ({listed}) FROM STDIN ({how})"
    try:
        with _blocking(), driver.cursor() as cursor:
            cursor.copy_expert(statement, file)
    except psycopg2.Error as error:
        raise DBAPIError(statement, None, error) from None


@contextmanager
def _blocking() -> Iterator[None]:
    """psycopg2 has no COPY while a wait callback is set; Ctrl-C is heard after it."""
    before = extensions.get_wait_callback()
    extensions.set_wait_callback(None)
    try:
        yield
    finally:
        extensions.set_wait_callback(before)


def quote(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
