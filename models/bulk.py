"""Many rows at once, whether they are there already or not.

    with as_service(session):
        counts = upsert(session, rows, UserInvestmentTransaction)

    async with as_service(async_session):
        counts = await upsert(async_session, rows, UserInvestmentTransaction)

The rows are copied into a temporary table and go from there into the real one by
INSERT … ON CONFLICT ON CONSTRAINT … DO UPDATE.

What holds:

- The call is part of the caller's transaction, and runs in the caller's role: row level
  security applies. ``as_service`` writes what a provider reported; in ``as_user`` only
  what the user enters by hand goes through. Nothing is committed.
- All rows or none. After a ``BulkError`` the transaction can go on without them.
- Rows are found by their natural key: the unique constraint that the model names in
  ``info["natural_key"]``, or the one named by ``constraint``. Each row has all its
  columns. Twice the same key in one call is refused: which of the two holds is the
  caller's to say.
- Twice the same call is as good as once. A row that stands there as it is, is neither
  written nor locked.
- Values are exact. Floats, also inside JSON, NaN and infinities, surplus decimals,
  datetimes without a zone and unknown columns are refused before anything is sent.
- A column that a row lacks takes its default when the row is inserted, and keeps its
  value when the row is updated; whatever columns the other rows have. ``None`` is NULL.
- An update changes neither the primary key nor the owner, nor columns that a trigger
  sets (``updated_at``, ``last_updated``). A row whose key is taken by another owner is
  refused.
- Rows are locked in the order of their key: two calls for the same constraint do not
  deadlock. Several calls in one transaction are the caller's to order.
- Everything is in one transaction, so transaction poolers will do.

What does not: objects that the session has loaded are expired, not changed. Checking
the rows is Python's work, and blocks an event loop meanwhile: 10 to 20 ms for a
thousand rows.

The role needs TEMPORARY on the database, which PostgreSQL and Supabase grant to PUBLIC.
Where that was taken away, the call is refused, nothing is written, and the error shows
the GRANT to run. The connection may not be in AUTOCOMMIT.
"""

from collections.abc import Coroutine, Iterable, Mapping
from typing import Any, NamedTuple, overload

from sqlalchemy import Connection, NestedTransaction, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Session, scoped_session

from models.base import Base
from models.bulk_copy import copy, line_and_column, primary, sqlstate
from models.bulk_rows import Batch, BulkError, Rows
from models.bulk_sql import OWNER, Statements

__all__ = ["BulkError", "Upserted", "upsert"]

SyncTarget = Session | Connection | scoped_session[Any]
AsyncTarget = AsyncSession | AsyncConnection
Given = Iterable[Mapping[str, Any] | Base]

OF_THE_ROW = ("22", "23", "42501", "44", "P0001")
"""Beginnings of SQLSTATEs that a row's own values may be to blame for."""

HINTS = {
    "23503": (
        " It refers to a row that is not there, or is another user's: write that one"
        " first, an account before its transactions."
    ),
    "23505": " Another row has these values already, in the table or in this call.",
    "42501": (
        " Row level security lets as_user write what the user entered by hand; what a"
        " provider reported is written in as_service."
    ),
}
"""What to do, by SQLSTATE."""


class Upserted(NamedTuple):
    """What became of the rows."""

    inserted: int
    updated: int
    unchanged: int


@overload
def upsert(
    target: SyncTarget,
    rows: Given,
    model: type[Base] | None = None,
    *,
    constraint: str | None = None,
) -> Upserted: ...
@overload
def upsert(
    target: AsyncTarget,
    rows: Given,
    model: type[Base] | None = None,
    *,
    constraint: str | None = None,
) -> Coroutine[Any, Any, Upserted]: ...
def upsert(
    target: Any,
    rows: Given,
    model: type[Base] | None = None,
    *,
    constraint: str | None = None,
) -> Upserted | Coroutine[Any, Any, Upserted]:
    """Insert ``rows``, update those that are there already; return how many of each.

    The module's docstring says what holds. ``await`` it for an AsyncSession or
    AsyncConnection. What the session has pending is flushed first.

    Args:
        rows: Mappings by the model's attributes, or objects of the model that are in no
            session.
        model: Needed for mappings.
        constraint: A unique constraint of the table, if not its natural key.

    Raises:
        BulkError: A row, named by index and key, was refused by us or by the server.
        sqlalchemy.exc.DBAPIError: The rows are not to blame: a deadlock, a timeout, a
            lost connection. Roll back, and try again.
    """
    given = list(rows)
    if isinstance(target, AsyncSession | AsyncConnection):
        return _upsert_async(target, given, model, constraint)
    if isinstance(target, scoped_session):
        target = target()
    if isinstance(target, Session | Connection):
        return _upsert(target, given, model, constraint)
    raise TypeError(
        "takes a Session, Connection, AsyncSession or AsyncConnection, "
        f"not {type(target).__name__}"
    )


async def _upsert_async(
    target: AsyncTarget,
    given: list[Any],
    model: type[Base] | None,
    constraint: str | None,
) -> Upserted:
    return await target.run_sync(_upsert, given, model, constraint)


def _upsert(
    target: Session | Connection,
    given: list[Any],
    model: type[Base] | None,
    constraint: str | None,
) -> Upserted:
    if not given:
        return Upserted(0, 0, 0)
    rows = Rows(given, model, constraint)
    statements = rows.statements()
    call = _Call(rows, statements, rows.batches(statements))
    if isinstance(target, Connection):
        return call.run(target)
    target.flush()
    counts = call.run(target.connection(bind_arguments={"mapper": rows.mapper}))
    for known in list(target.identity_map.values()):
        if isinstance(known, rows.model):
            target.expire(known)
    return counts


class _Call:
    """One upsert on one connection."""

    def __init__(self, rows: Rows, statements: Statements, batches: list[Batch]):
        self.rows = rows
        self.statements = statements
        self.batches = batches
        self.connection: Connection

    def run(self, connection: Connection) -> Upserted:
        """Stage, write and count, in a savepoint."""
        self.connection = connection
        with self._savepoint():
            self._create()
            for batch in self.batches:
                self._copy(batch)
            if self.statements.index:
                connection.execute(text(self.statements.index))
            dropped = connection.execute(text(self.statements.drop_unchanged)).rowcount
            given = len(self.rows.given)
            inserted, updated = self._write() if dropped < given else (0, 0)
            if inserted + updated + dropped < given:
                self._refuse_foreign()
            connection.execute(text(self.statements.drop))
        return Upserted(inserted, updated, given - inserted - updated)

    def _savepoint(self) -> NestedTransaction:
        try:
            return self.connection.begin_nested()
        except DBAPIError as error:
            if sqlstate(error) != "25P01":
                raise
            raise self.rows.error(
                "the connection is in AUTOCOMMIT, and the temporary table must last for"
                " several statements. Use one with transactions."
            ) from error

    def _create(self) -> None:
        try:
            self.connection.execute(text(self.statements.create))
        except DBAPIError as error:
            if sqlstate(error) != "42501":
                raise
            raise self.rows.error(
                f"{primary(error)[0]}. The rows are staged in a temporary table, which "
                "needs a privilege on the database, beside SELECT, INSERT and UPDATE on"
                " the table. As the database's owner run:\n"
                "    GRANT TEMPORARY ON DATABASE … TO service_role, authenticated"
            ) from error

    def _copy(self, batch: Batch) -> None:
        try:
            copy(self.connection, self.statements.stage, batch.columns, batch.data)
        except Exception as error:
            if (state := sqlstate(error)) is None:
                raise
            found = line_and_column(error)
            if found is None or not state.startswith(OF_THE_ROW):
                raise OperationalError("COPY FROM STDIN", None, error) from error
            line, column = found
            row = batch.rows[line - 1]
            raise self.rows.error(primary(error)[0], row, column) from None

    def _write(self) -> tuple[int, int]:
        try:
            return self._insert(0, len(self.rows.given))
        except DBAPIError as error:
            state = sqlstate(error)
            if state is None or not state.startswith(OF_THE_ROW):
                raise
            raise self._blamed() or error from None

    def _insert(self, first: int, last: int) -> tuple[int, int]:
        with self.connection.begin_nested():
            bounds = {"first": first, "last": last}
            new, old = self.connection.execute(
                text(self.statements.upsert), bounds
            ).one()
        return new, old

    def _blamed(self) -> BulkError | None:
        """Find the row that the server refuses, by halves; what passes is kept.

        The server names a row by quoting all of it, or not at all. All that this writes
        goes with the outer savepoint. None: the server refuses no rows, too.
        """
        first, last = 0, len(self.rows.given)
        error = self._refusal(0, 0)
        if error is not None:
            return None
        while last - first > 1:
            middle = (first + last) // 2
            if refused := self._refusal(first, middle):
                last, error = middle, refused
            else:
                first = middle
        error = self._refusal(first, last)
        return None if error is None else self._explained(error, first)

    def _refusal(self, first: int, last: int) -> DBAPIError | None:
        try:
            self._insert(first, last)
        except DBAPIError as error:
            return error
        return None

    def _explained(self, error: DBAPIError, row: int) -> BulkError:
        message, constraint, column = primary(error)
        columns, rule = self.rows.about(constraint) if constraint else ([], "")
        hint = HINTS.get(sqlstate(error) or "", "")
        column = column or ", ".join(columns) or None
        return self.rows.error(f"{message}.{rule}{hint}", row, column)

    def _refuse_foreign(self) -> None:
        if self.statements.foreign is None:
            return
        row = self.connection.scalar(text(self.statements.foreign))
        if row is not None:
            raise self.rows.error(
                f"its key in {self.statements.constraint} is taken by a row of another "
                "owner. The user_id or the key is wrong: a row changes no hands.",
                row,
                OWNER,
            )
