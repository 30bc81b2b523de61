"""What a bulk upsert is given, looked at before anything is sent."""

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    inspect,
)

from models.base import Base
from models.bulk_sql import OWNER, Statements
from models.bulk_text import RefusedValue, encode

__all__ = ["Batch", "BulkError", "Rows"]

BATCH_ROWS = 10_000
"""Rows in one COPY. Bounds what Python holds of them twice."""

Row = Mapping[str, Any]


class BulkError(ValueError):
    """A bulk upsert was refused; nothing of its rows was written.

    Attributes:
        table: Name of the table.
        row: Index of the row in the call, from 0; None: it is about no single row.
        key: The row's natural key, as far as it has one.
        column: Name of the column, where it is about one.
    """

    def __init__(
        self,
        table: str,
        reason: str,
        *,
        row: int | None = None,
        key: Mapping[str, Any] | None = None,
        column: str | None = None,
    ) -> None:
        self.table = table
        self.row = row
        self.key = dict(key or {})
        self.column = column
        values = ", ".join(f"{name}={value!s:.60}" for name, value in self.key.items())
        where = [] if row is None else [f"row {row}{f' ({values})' if values else ''}"]
        where += [f"column {column}"] if column else []
        super().__init__(
            f"{table}: {', '.join(where)}{': ' if where else ''}{reason}\n"
            "No row of this call was written."
        )


@dataclass(frozen=True)
class Batch:
    """Rows with the same columns, as COPY reads them; ``rows`` are their indexes."""

    columns: tuple[str, ...]
    rows: Sequence[int]
    data: bytes


class Rows:
    """The rows of one call, of one model, on their way to one constraint.

    Raises:
        BulkError: Whatever can be seen without the server.
    """

    def __init__(
        self,
        given: Sequence[Row | Base],
        model: type[Base] | None,
        constraint: str | None,
    ) -> None:
        self.model = model or _model_of(given[0])
        self.mapper = inspect(self.model)
        table = self.mapper.local_table
        assert isinstance(table, Table)
        self.table = table
        if table.info.get("rls") in {"reference", "closed"}:
            raise self.error("applications do not write this table")
        self.columns: dict[str, Column[Any]] = {
            attribute.key: attribute.columns[0]
            for attribute in self.mapper.column_attrs
            if isinstance(attribute.columns[0], Column)
        }
        self.constraint, self.key = self._constraint(constraint)
        self.given = [self._row(at, row) for at, row in enumerate(given)]

    def error(
        self, reason: str, row: int | None = None, column: str | None = None
    ) -> BulkError:
        """Return the error about a row, by its index."""
        key = None
        if row is not None:
            values = self.given[row]
            key = {name: values[name] for name in self.key if name in values}
        name = self.table.name
        return BulkError(name, reason[:1000], row=row, key=key, column=column)

    def _constraint(self, wanted: str | None) -> tuple[str, tuple[str, ...]]:
        unique = {
            str(rule.name): rule for rule in self._unique if not isinstance(rule, Index)
        }
        name = wanted or self.table.info.get("natural_key")
        if name not in unique:
            problem = f"has no {name}" if name else "names no natural key"
            raise self.error(
                f"its model {problem}. Say constraint=… with one of "
                f"{', '.join(sorted(unique))}."
            )
        names = {column.name: key for key, column in self.columns.items()}
        return name, tuple(names[column.name] for column in unique[name].columns)

    def _row(self, at: int, row: Row | Base) -> Row:
        if isinstance(row, Mapping):
            return row
        if type(row) is not self.model:
            raise BulkError(
                self.table.name,
                f"takes mappings or {self.model.__name__}, not {type(row).__name__}. "
                "One call writes one model.",
                row=at,
            )
        state = inspect(row)
        if state.session is not None:
            raise BulkError(
                self.table.name,
                "the object is in a session, which would write it too. "
                "Do not add it, or session.expunge it first.",
                row=at,
            )
        return {name: state.dict[name] for name in self.columns if name in state.dict}

    def about(self, constraint: str) -> tuple[list[str], str]:
        """Return a constraint's columns, and what it asks for where it is a CHECK."""
        for rule in self.table.constraints:
            if isinstance(rule, CheckConstraint) and rule.name == constraint:
                words = set(re.findall(r"\w+", str(rule.sqltext)))
                columns = [c.name for c in self.table.columns if c.name in words]
                return columns, f" It must hold that {rule.sqltext}."
        for keys in [*self.table.foreign_key_constraints, *self._unique]:
            if keys.name == constraint:
                return [column.name for column in keys.columns], ""
        return [], ""

    @property
    def _unique(self) -> list[UniqueConstraint | PrimaryKeyConstraint | Index]:
        return [
            rule
            for rule in [*self.table.constraints, *self.table.indexes]
            if isinstance(rule, UniqueConstraint | PrimaryKeyConstraint)
            or (isinstance(rule, Index) and rule.unique)
        ]

    @cached_property
    def shapes(self) -> dict[tuple[str, ...], list[int]]:
        """Indexes of the rows by the columns that they have, in the table's order."""
        seen: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for at, row in enumerate(self.given):
            seen[tuple(row)].append(at)
        shapes: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for names, indexes in seen.items():
            self._check_names(names, indexes[0])
            shapes[tuple(n for n in self.columns if n in names)] += indexes
        return shapes

    def _check_names(self, names: Iterable[Any], row: int) -> None:
        for name in names:
            if name not in self.columns:
                near = difflib.get_close_matches(str(name), self.columns, 1)
                hint = f" Is {near[0]} meant?" if near else ""
                raise self.error("the model has no such column." + hint, row, str(name))
            if self.columns[name].computed is not None:
                raise self.error("the server computes it: leave it out", row, name)
        for name in self.needed:
            if name not in names:
                raise self.error(f"is missing. {self._why(name)}", row, name)

    @cached_property
    def needed(self) -> list[str]:
        """Columns that no row may lack."""
        return [
            name
            for name, column in self.columns.items()
            if name in self.key
            or name == OWNER
            or not (column.nullable or column.server_default)
        ]

    def _why(self, name: str) -> str:
        if name in self.key:
            return f"It is part of the key by which rows are found, {self.constraint}."
        if name == OWNER:
            return "It says whose row it is."
        return "It may not be NULL and has no default."

    def statements(self) -> Statements:
        """Return what is to be sent for these rows."""
        columns = [n for n in self.columns if any(n in shape for shape in self.shapes)]
        sometimes = [n for n in columns if not all(n in s for s in self.shapes)]
        return Statements(
            table=self.table,
            constraint=self.constraint,
            key=self._names(self.key),
            columns=self._names(columns),
            sometimes=self._names(sometimes),
            kept=frozenset(
                column.name
                for column in self.columns.values()
                if column.primary_key or column.server_onupdate is not None
            ),
        )

    def _names(self, attributes: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.columns[name].name for name in attributes)

    def batches(self, statements: Statements) -> list[Batch]:
        """Return all rows as COPY text, every value checked, no key twice."""
        seen: set[tuple[str, ...]] = set()
        batches = []
        for shape, indexes in self.shapes.items():
            given = self._names(shape)
            lacking = [name for name in statements.sometimes if name not in given]
            bits = str(statements.bits(lacking))
            for rows in _cut(indexes):
                texts = {name: self._texts(name, rows) for name in shape}
                self._check_keys(seen, [texts[name] for name in self.key], rows)
                first = [list(map(str, rows))]
                first += [[bits] * len(rows)] if statements.sometimes else []
                lines = map("\t".join, zip(*first, *texts.values(), strict=True))
                data = "\n".join([*lines, ""]).encode()
                batches.append(Batch(statements.copied(given), rows, data))
        return batches

    def _texts(self, name: str, rows: Sequence[int]) -> list[str]:
        values = [self.given[at][name] for at in rows]
        column = self.columns[name]
        if (name in self.needed or not column.nullable) and None in values:
            at = rows[next(i for i, value in enumerate(values) if value is None)]
            raise self.error(f"is None. {self._why_not_none(name)}", at, name)
        try:
            return encode(column.type, values)
        except RefusedValue as error:
            at = rows[error.position]
            raise self.error(error.reason, at, name) from error.__cause__

    def _why_not_none(self, name: str) -> str:
        if name in self.needed:
            return self._why(name)
        return "It may not be NULL. Leave it out of the row to have its default."

    def _check_keys(
        self, seen: set[tuple[str, ...]], keys: list[list[str]], rows: Sequence[int]
    ) -> None:
        before = len(seen)
        seen.update(zip(*keys, strict=True))
        if len(seen) == before + len(rows):
            return
        first: dict[tuple[str, ...], int] = {}
        for at in range(len(self.given)):
            key = tuple(self._texts(name, [at])[0] for name in self.key)
            if key in first:
                raise self.error(
                    f"has the same key as row {first[key]}. Which of them holds? Keep "
                    "the last: list({key(row): row for row in rows}.values()).",
                    at,
                )
            first[key] = at


def _model_of(row: Row | Base) -> type[Base]:
    if isinstance(row, Base):
        return type(row)
    raise TypeError(
        "upsert takes mapped objects, or mappings and their model: "
        "upsert(session, rows, UserInvestmentTransaction)"
    )


def _cut(indexes: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(indexes), BATCH_ROWS):
        yield indexes[start : start + BATCH_ROWS]
