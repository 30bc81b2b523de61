"""The statements of a bulk upsert: a table to stage in, and the way out of it."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Table, Text
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.engine import Dialect

__all__ = ["DIALECT", "OWNER", "Statements"]

OWNER = "user_id"
"""Whom a row belongs to. Every comparison names it: Citus will shard by it."""

ROW = "bulk_row"
ABSENT = "bulk_absent"
# For names, and for types that ask for a dialect; the drivers' own do not differ here.
DIALECT: Dialect = PGDialect_psycopg2()  # type: ignore[no-untyped-call]
quote = DIALECT.identifier_preparer.quote
qualified = DIALECT.identifier_preparer.format_table


def _stage_name() -> str:
    # New each time: a name used again would meet plans cached for the dropped table.
    return f"bulk_{uuid.uuid4().hex}"


@dataclass(frozen=True)
class Statements:
    """What is sent for one call. Rows are told apart by ``bulk_row``, their index.

    ``sometimes`` are the columns that some rows lack. A bit in ``bulk_absent`` says
    that a row lacks one: inserted, it has the default, which the stage fills in;
    updated, it keeps what it has.
    """

    table: Table
    constraint: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    sometimes: tuple[str, ...]
    kept: frozenset[str]
    """Columns that an update leaves alone."""
    stage: str = field(default_factory=_stage_name)

    def bits(self, lacking: Iterable[str]) -> int:
        """Return ``bulk_absent`` for a row that lacks these columns."""
        return sum(1 << self.sometimes.index(name) for name in lacking)

    @property
    def create(self) -> str:
        """Make the stage: the real columns' types, and for some their defaults."""
        if self.sometimes:
            return (
                f"CREATE TEMPORARY TABLE {self.stage} ({ROW} integer, {ABSENT} bigint,"
                f" LIKE {qualified(self.table)} INCLUDING DEFAULTS) ON COMMIT DROP"
            )
        return (
            f"CREATE TEMPORARY TABLE {self.stage} ON COMMIT DROP AS"
            f" SELECT 0 AS {ROW}, {_list(self.columns)}"
            f" FROM {qualified(self.table)} WITH NO DATA"
        )

    def copied(self, given: Iterable[str]) -> tuple[str, ...]:
        """Return the stage's columns that COPY fills for rows with these columns."""
        return (ROW, *((ABSENT,) if self.sometimes else ()), *given)

    @property
    def index(self) -> str | None:
        """Make the stage's rows found by their key, where that is asked."""
        if not self.sometimes:
            return None
        return f"CREATE UNIQUE INDEX ON pg_temp.{self.stage} ({_list(self.key)})"

    @property
    def drop_unchanged(self) -> str:
        """Take out the rows that stand there as they are: they are not even locked.

        OFFSET keeps this a look-up in the key's index for each row; joined, a large
        table would be read from end to end.
        """
        # The owner is compared in a way that no index answers: the planner would look
        # through all rows of the owner, the table's statistics being late.
        same = " AND ".join(
            [
                *(f"t.{quote(c)} = s.{quote(c)}" for c in self.key),
                *(f"t.{c} IS NOT DISTINCT FROM s.{c}" for c in self._owner),
                *self._same(),
            ]
        )
        return (
            f"DELETE FROM pg_temp.{self.stage} AS s WHERE EXISTS"
            f" (SELECT FROM {qualified(self.table)} AS t WHERE {same} OFFSET 0)"
        )

    @property
    def upsert(self) -> str:
        """Insert or update, in the order of the key: two calls cannot deadlock."""
        return (
            f"WITH written AS (INSERT INTO {qualified(self.table)} AS t"
            f" ({_list(self.columns)}) SELECT {_list(self.columns)}"
            f" FROM pg_temp.{self.stage}"
            f" WHERE {ROW} >= :first AND {ROW} < :last ORDER BY {self._order}"
            f" ON CONFLICT ON CONSTRAINT {quote(self.constraint)} {self._action()}"
            " RETURNING t.xmax = 0 AS new)"
            " SELECT count(*) FILTER (WHERE new), count(*) FILTER (WHERE NOT new)"
            " FROM written"
        )

    @property
    def foreign(self) -> str | None:
        """Find a row whose key is taken by another owner; None: there can be none."""
        if not self._owner:
            return None
        same = " AND ".join(f"t.{quote(c)} = s.{quote(c)}" for c in self.key)
        return (
            f"SELECT {ROW} FROM pg_temp.{self.stage} AS s WHERE EXISTS"
            f" (SELECT FROM {qualified(self.table)} AS t WHERE {same}"
            f" AND t.{OWNER} <> s.{OWNER} OFFSET 0) ORDER BY {ROW} LIMIT 1"
        )

    @property
    def drop(self) -> str:
        """Remove the stage before the transaction ends: it holds a lock's worth."""
        return f"DROP TABLE pg_temp.{self.stage}"

    @property
    def _owner(self) -> list[str]:
        """The owner's column, if there is one and the key does not have it."""
        owned = OWNER in self.table.columns and OWNER not in self.key
        return [OWNER] if owned else []

    @property
    def _written(self) -> list[str]:
        left_alone = self.kept.union(self.key, self._owner)
        return [name for name in self.columns if name not in left_alone]

    def _bit(self, name: str) -> str:
        return f"s.{ABSENT} & {self.bits([name])}"

    def _same(self) -> Iterable[str]:
        always = [name for name in self._written if name not in self.sometimes]
        if always:
            yield f"({_row('t', always)}) IS NOT DISTINCT FROM ({_row('s', always)})"
        for name in self._written:
            if name in self.sometimes:
                column = quote(name)
                yield (
                    f"({self._bit(name)} <> 0"
                    f" OR t.{column} IS NOT DISTINCT FROM s.{column})"
                )

    def _action(self) -> str:
        if not self._written:
            return "DO NOTHING"
        always = [name for name in self._written if name not in self.sometimes]
        some = [name for name in self._written if name in self.sometimes]
        settings = [f"{quote(name)} = excluded.{quote(name)}" for name in always]
        changes = []
        if always:
            changes.append(
                f"({_row('t', always)}) IS DISTINCT FROM ({_row('excluded', always)})"
            )
        if some:
            settings.append(f"({_list(some)}) = {self._settings(some)}")
            changes.append(self._changes(some))
        owner = [f"t.{c} = excluded.{c}" for c in self._owner]
        where = " AND ".join([*owner, f"({' OR '.join(changes)})"])
        return f"DO UPDATE SET {', '.join(settings)} WHERE {where}"

    def _settings(self, names: Iterable[str]) -> str:
        values = (
            f"CASE WHEN {self._bit(name)} = 0"
            f" THEN excluded.{quote(name)} ELSE t.{quote(name)} END"
            for name in names
        )
        return f"(SELECT {', '.join(values)} {self._own_stage})"

    def _changes(self, names: Iterable[str]) -> str:
        values = (
            f"{self._bit(name)} = 0"
            f" AND t.{quote(name)} IS DISTINCT FROM excluded.{quote(name)}"
            for name in names
        )
        return f"EXISTS (SELECT {self._own_stage} AND ({' OR '.join(values)}))"

    @property
    def _own_stage(self) -> str:
        key = " AND ".join(f"s.{quote(c)} = excluded.{quote(c)}" for c in self.key)
        return f"FROM pg_temp.{self.stage} AS s WHERE {key}"

    @property
    def _order(self) -> str:
        # Bytes are compared faster than words, and alike on every server.
        return ", ".join(
            f'{quote(name)} COLLATE "C"' if _is_text(self.table, name) else quote(name)
            for name in self.key
        )


def _is_text(table: Table, name: str) -> bool:
    kind = table.columns[name].type
    return isinstance(getattr(kind, "impl_instance", kind), Text)


def _list(names: Iterable[str]) -> str:
    return ", ".join(map(quote, names))


def _row(source: str, names: Iterable[str]) -> str:
    return ", ".join(f"{source}.{quote(name)}" for name in names)
