"""A database to try things in: rows of three users, and what was found there."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import psycopg2
import psycopg2.extras
import sqlalchemy as sa
from psycopg2.extensions import connection as Connection

from rollout.embedded import url_text
from tests.isolation.cells import Cell, matrix
from tests.isolation.found import PROBE, Found, look
from tests.isolation.history import History
from tests.isolation.rows import fill
from tests.isolation.trial import Trial, quoting

psycopg2.extras.register_uuid()

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Lab:
    """A history in a database, by a connection of the role that owns it."""

    history: History
    connection: Connection
    found: Found
    cells: list[Cell]
    trial: Trial

    @cached_property
    def by_oid(self) -> dict[int, list[Cell]]:
        """Cells of each relation."""
        return _grouped(self.cells, lambda cell: cell.oid)

    @cached_property
    def by_object(self) -> dict[str, list[Cell]]:
        """Cells of each function, schema and relation."""
        return _grouped(self.cells, lambda cell: cell.object)


def _grouped(cells: list[Cell], key: Callable[[Cell], K]) -> dict[K, list[Cell]]:
    groups: dict[K, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(key(cell), []).append(cell)
    return groups


@contextmanager
def open_lab(history: History, url: str, *, login: str | None = None) -> Iterator[Lab]:
    """Look at what :func:`prepare` has filled.

    ``login`` is a role to try as instead of the owner, a member of the API's roles.
    """
    with _connected(url) as owner:
        lab = look_around(history, owner)
        if login is None:
            yield lab
            return
        with _connected(url, login) as connection:
            lab.trial.use(connection)
            yield replace(lab, connection=connection)


def look_around(history: History, owner: Connection) -> Lab:
    """What is there just now, and all that can be tried with it."""
    found = look(owner)
    cells = matrix(history, found, quoting(owner))
    return Lab(history, owner, found, cells, Trial(owner, found, history.tenant))


def prepare(history: History, url: str, auth_admin: str | None = None) -> None:
    """Put the rows in, users as ``auth_admin``; make the schema to try from."""
    with _connected(url) as owner, _connected(url, auth_admin) as admin:
        for table, values in fill(history):
            put(admin if table.fullname == history.users else owner, table, values)
        for statement in history.more_rows:
            admin.cursor().execute(statement)
        owner.cursor().execute(
            f"CREATE SCHEMA {PROBE};"
            f"GRANT USAGE, CREATE ON SCHEMA {PROBE} TO {', '.join(history.roles)}"
        )


def put(connection: Connection, table: sa.Table, values: Mapping[str, Any]) -> None:
    """Insert a row."""
    columns = ", ".join(f'"{column}"' for column in values)
    places = ", ".join(["%s"] * len(values))
    text = f"INSERT INTO {table.fullname} ({columns}) VALUES ({places})"
    connection.cursor().execute(text, tuple(values.values()))


@contextmanager
def _connected(url: str, role: str | None = None) -> Iterator[Connection]:
    parsed = sa.make_url(url)
    parsed = parsed.set(username=role) if role else parsed
    connection = psycopg2.connect(url_text(parsed))
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()
