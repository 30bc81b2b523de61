"""Trying a cell: in that role, with that token, in a savepoint that is rolled back.

The connection's own role must not matter: it is only who may act as the others. Each
statement runs after SET LOCAL ROLE, as Supabase's API sends it.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from tests.isolation.cells import Cell
from tests.isolation.found import Found, rows
from tests.isolation.history import OWNER, Actor
from tests.isolation.rows import BY_HAND, OWNERS

DENIED = re.compile(r"permission denied for \w+(?: \w+)* \"?([\w.]+)\"?$")
ONE_ROW = {
    "INSERT", "INSERT by hand", "INSERT RETURNING", "INSERT booked", "INSERT a column",
    "UPSERT", "UPSERT as own",
}  # fmt: skip
IMPOSSIBLE = {"55000", "42809", "0A000"}
"""Not in that state, wrong type of object, not supported."""


class Trial:
    """A connection that tries cells. Use it within :meth:`rolled_back`."""

    def __init__(self, connection: Connection, found: Found, tenant: str) -> None:
        self._tenant = tenant
        self._totals = dict(_totals(connection, found))
        self.tried = 0
        self.use(connection)

    def use(self, connection: Connection) -> None:
        """Try by another connection from now on."""
        connection.autocommit = (
            True  # transactions are begun and ended in so many words
        )
        self._cursor = connection.cursor()

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """A transaction that leaves nothing."""
        self.run("BEGIN")
        try:
            yield
        finally:
            self.run("ROLLBACK")

    @contextmanager
    def savepoint(self, name: str, *statements: str) -> Iterator[None]:
        """Do ``statements``; undo them after the block."""
        self.run(f"SAVEPOINT {name}")
        try:
            for statement in statements:
                self.run(statement)
            yield
        finally:
            self.run(f"ROLLBACK TO SAVEPOINT {name}")

    def run(self, statement: str) -> None:
        """Execute as who is connected."""
        self._cursor.execute(statement)

    def differences(self, cells: Iterable[Cell]) -> Iterator[tuple[Cell, str]]:
        """Cells of one setting that do not come out as expected, and what came out."""
        self.run("SAVEPOINT cell")
        for cell in cells:
            if (word := self.outcome(cell)) not in cell.expected:
                self.run("ROLLBACK TO SAVEPOINT cell")
                yield cell, word
        self.run("ROLLBACK TO SAVEPOINT cell")

    def outcome(self, cell: Cell) -> str:
        """What comes of it, in the words of ``policy``; after SAVEPOINT cell."""
        word = "denied"
        for statement in cell.statements:
            word = self._try(cell, statement)
            if word != "denied":
                break
        return word

    def _try(self, cell: Cell, statement: str) -> str:
        self.tried += 1
        try:
            # One message: what follows an error would be refused until the rollback.
            self._cursor.execute(
                f"ROLLBACK TO SAVEPOINT cell;{acting(cell.actor)};{statement}"
            )
        except psycopg2.Error as error:
            return _refusal(cell, error)
        return self._success(cell, self._cursor)

    def _success(self, cell: Cell, cursor: Cursor) -> str:
        if cell.command in ONE_ROW:
            return "done" if cursor.rowcount == 1 else f"{cursor.rowcount} rows"
        if cell.command == "count":
            ((number,),) = cursor.fetchall()
            return self._whose(cell, number)
        if cursor.description and cell.oid and cell.command not in SCALARS:
            names = [column.name for column in cursor.description]
            found = cursor.fetchall()
            word = self._whose(cell, len(found))
            if self._tenant in names and word in {"owner's", "by hand"}:
                at = names.index(self._tenant)
                strange = {str(row[at]) for row in found} - {str(OWNER)}
                return f"{len(found)} strange rows" if strange else word
            return word
        if cell.command.split()[0] in {"UPDATE", "DELETE"}:
            return self._whose(cell, cursor.rowcount)
        return "done"

    def _whose(self, cell: Cell, number: int) -> str:
        if number and number == self._totals.get(cell.oid):
            return "all"
        words = {0: "nothing", BY_HAND: "by hand", OWNERS: "owner's"}
        return words.get(number, f"{number} rows")


def acting(actor: Actor) -> str:
    """What Supabase's API does first in a request's transaction."""
    claims = "" if actor.claims is None else json.dumps(actor.claims)
    return f"SET LOCAL ROLE {actor.role};SET LOCAL \"request.jwt.claims\" = '{claims}'"


SCALARS = {"last_value", "nextval", "setval"}


def _refusal(cell: Cell, error: psycopg2.Error) -> str:
    message = str(error.diag.message_primary)
    if error.pgcode == "42501":
        if "row-level security" in message:
            return "refused"
        if "for schema" in message:
            return "schema"
        named = DENIED.search(message)
        here = cell.object.partition("(")[0].rpartition(".")[2]
        return "denied" if named and named[1] == here else "denied below"
    if error.pgcode == "23503":
        return "key"
    if error.pgcode == "42P01" and cell.command == "USAGE":
        return "done"  # it could look, and there is no such name
    if error.pgcode in IMPOSSIBLE and cell.kind != "function":
        return "impossible"
    return f"error {error.pgcode}"


def _totals(connection: Connection, found: Found) -> Iterator[tuple[int, int]]:
    """How many rows each relation shows to who sees all; who is connected does."""
    for relation in found.relations:
        if relation.relkind != "S" and relation.ours:
            ((number,),) = rows(connection, f"SELECT count(*) FROM {relation.name}")
            yield relation.oid, number


def quoting(connection: Connection) -> Callable[[str, tuple[Any, ...]], str]:
    """The driver's way to put values into a text."""
    cursor = connection.cursor()

    def quote(statement: str, values: tuple[Any, ...]) -> str:
        text = cursor.mogrify(statement, values)
        return text.decode() if isinstance(text, bytes) else str(text)

    return quote
