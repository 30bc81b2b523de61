"""Rows of three users, made up from the models.

The owner has two in every table, one as a provider writes it and one by hand; the
bystander three, two of them by hand; and where a row may be nobody's, one is. So the
number of rows that a statement touches says whose they were: 1 by hand, 2 the owner's,
5 or 6 everybody's; and any other number is wrong.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from tests.isolation.history import BYSTANDER, OTHER, OWNER, History

SPACE = uuid.UUID("150a7100-0000-4000-8000-000000000000")
ROWS = ((OWNER, 0, False), (OWNER, 1, True),
    (BYSTANDER, 0, False), (BYSTANDER, 1, True), (BYSTANDER, 2, True))  # fmt: skip
OWNERS, BY_HAND = 2, 1
USERS = (OWNER, OTHER, BYSTANDER, None)
NEW = 9
"""The number of a row that is not there yet."""
START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


def row_id(table: sa.Table, owner: uuid.UUID | None, number: int) -> uuid.UUID:
    """The primary key of a row, the same in every run."""
    return uuid.uuid5(SPACE, f"{table.name} {owner} {number}")


def tenant_tables(history: History) -> list[sa.Table]:
    """Tables with users' rows, those that others refer to first."""
    return [
        table
        for table in history.metadata.sorted_tables
        if history.tenant in table.c and table.info.get("rls") != "closed"
    ]


def fill(history: History) -> Iterator[tuple[sa.Table, dict[str, Any]]]:
    """Every row to insert, users first."""
    users = history.metadata.tables[history.users]
    for user in (OWNER, OTHER, BYSTANDER):
        yield users, row(history, users, user, 0) | {_key(users): user}
    for table in tenant_tables(history):
        for owner, number, hand in ROWS:
            yield table, row(history, table, owner, number, hand)
        if table.c[history.tenant].nullable:
            yield table, row(history, table, None, 0)


def row(
    history: History,
    table: sa.Table,
    owner: uuid.UUID | None,
    number: int,
    hand: bool = False,
) -> dict[str, Any]:
    """One row's values: what the table wants, the amounts, and whose it is."""
    values = {
        column.name: _value(history, column, owner, number)
        for column in table.columns
        if _wanted(history, column)
    }
    for constraint in shared_keys(history, table):
        for element in constraint.elements:
            if element.parent.name != history.tenant:
                parent = element.column.table
                # A row by hand is on the account by hand, so both have rows on them.
                values[element.parent.name] = row_id(parent, owner, int(number == 1))
    if table.name in history.by_hand:
        column, mark = history.by_hand[table.name]
        values[column] = mark if hand else not_by_hand(history, table)
    return values


def not_by_hand(history: History, table: sa.Table) -> str:
    """A value for rows that the user did not enter."""
    column, mark = history.by_hand[table.name]
    enum = getattr(table.c[column].type, "enum", None)
    known = [member.value for member in enum] if enum else ["plaid"]
    return str(next(value for value in known if value != mark))


def shared_keys(history: History, table: sa.Table) -> list[sa.ForeignKeyConstraint]:
    """Foreign keys that hold the user as well, and so stop who books on another's."""
    return [
        key
        for key in table.foreign_key_constraints
        if len(key.elements) > 1 and history.tenant in key.column_keys
    ]


def is_bound(history: History, table: sa.Table) -> bool:
    """Whether a row cannot change hands alone, as others refer to it, or it to them."""
    return bool(shared_keys(history, table)) or any(
        key.referred_table is table
        for other in history.metadata.tables.values()
        for key in shared_keys(history, other)
    )


def _key(table: sa.Table) -> str:
    (column,) = table.primary_key.columns
    return str(column.name)


def _wanted(history: History, column: sa.Column[Any]) -> bool:
    if column.computed is not None or column.identity is not None:
        return False
    required = not column.nullable and column.server_default is None
    return bool(
        required
        or column.primary_key
        or column.name == history.tenant
        or isinstance(_plain(column), sa.Numeric | sa.Integer)
    )


def _plain(column: sa.Column[Any]) -> Any:
    return getattr(column.type, "impl_instance", column.type)


def _value(
    history: History, column: sa.Column[Any], owner: uuid.UUID | None, number: int
) -> Any:
    if (name := f"{column.table.name}.{column.name}") in history.samples:
        return history.samples[name]
    if column.name == history.tenant:
        return owner
    if column.primary_key and isinstance(_plain(column), sa.Uuid):
        return row_id(column.table, owner, number)
    if enum := getattr(column.type, "enum", None):
        return next(iter(enum)).value
    # Users' days differ, so that a row can change hands without meeting another.
    days = dt.timedelta(days=number + 100 * USERS.index(owner))
    samples = {
        sa.Uuid: row_id(column.table, owner, number),
        sa.Numeric: Decimal(1),
        sa.Integer: 1,
        sa.Boolean: True,
        sa.DateTime: START + days,
        sa.Date: START.date() + days,
        sa.JSON: "{}",
        sa.String: f"{owner} {number}",
    }
    for type_, sample in samples.items():
        if isinstance(_plain(column), type_):
            return sample
    raise AssertionError(
        f"no value can be made up for {name}: {column.type!r}.\n"
        f'Give one: samples={{"{name}": …}} in {history.declared_in}.'
    )
