"""Each command as SQL text, for one relation. No value comes from the database."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from tests.isolation.found import PROBE, Function, Relation, Schema
from tests.isolation.history import BYSTANDER, OTHER, OWNER, History
from tests.isolation.rows import NEW, not_by_hand, row, row_id, shared_keys

Quote = Callable[[str, tuple[Any, ...]], str]
"""A statement with values to one text, as psycopg2's ``mogrify`` makes it."""
Statements = dict[str, tuple[str, ...]]
"""Command to the statements that make it up: the first that is not denied counts."""


def for_relation(
    history: History, relation: Relation, quote: Quote, user: uuid.UUID
) -> Statements:
    """All commands that make sense; ``user`` is whose rows the actor would claim."""
    if relation.relkind == "S":
        return _sequence(relation)
    model = history.model(relation.schema, relation.table)
    plain = _plain(relation) | _rights(relation)
    if model is None or history.tenant not in model.c or relation.is_view:
        return plain
    return plain | _rows(history, relation, model, quote, user)


def _sequence(relation: Relation) -> Statements:
    return {
        "last_value": (f"SELECT last_value FROM {relation.name}",),
        "nextval": (f"SELECT nextval('{relation.name}')",),
        "setval": (f"SELECT setval('{relation.name}', 1)",),
    }


def _plain(relation: Relation) -> Statements:
    name, first = relation.name, relation.columns[0]
    each = tuple(f'UPDATE {name} SET "{c}" = DEFAULT' for c in relation.columns)
    return {
        "SELECT": (f"SELECT * FROM {name}",),
        "count": (f"SELECT count(*) FROM {name}",),
        "INSERT": (f"INSERT INTO {name} DEFAULT VALUES",),
        "INSERT a column": (f"INSERT INTO {name} DEFAULT VALUES",),
        "UPDATE": (f'UPDATE {name} SET "{first}" = DEFAULT',),
        "UPDATE a column": each,
        "DELETE": (f"DELETE FROM {name}",),
    }


def _rights(relation: Relation) -> Statements:
    name, keys = relation.name, relation.key or relation.columns[:1]
    types = relation.key_types or ("uuid",)
    columns = ", ".join(f"c{i} {type_}" for i, type_ in enumerate(types))
    own = ", ".join(f"c{i}" for i in range(len(types)))
    theirs = ", ".join(f'"{key}"' for key in keys)
    when = "INSTEAD OF" if relation.is_view else "BEFORE"
    # REINDEX takes no view, and what LOCK TABLE asks for, writers of tables have.
    right, verb = ("LOCK", "LOCK") if relation.is_view else ("MAINTAIN", "REINDEX")
    return {
        "TRUNCATE": (f"TRUNCATE {name}",),
        "REFERENCES": (
            f"CREATE TABLE {PROBE}.child ({columns}, "
            f"FOREIGN KEY ({own}) REFERENCES {name} ({theirs}))",
        ),
        "TRIGGER": (
            f"CREATE TRIGGER probe {when} INSERT ON {name} FOR EACH ROW "
            "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        ),
        right: (f"{verb} TABLE {name}",),
    }


def _rows(
    history: History, relation: Relation, model: sa.Table, quote: Quote, user: uuid.UUID
) -> Statements:
    name, tenant = relation.name, history.tenant
    (key,) = model.primary_key.columns
    hand = model.name in history.by_hand
    mine = f" WHERE {tenant} = %s"

    def insert(values: Mapping[str, Any], tail: str = "") -> tuple[str]:
        # A downgrade takes columns off tables that it leaves in place.
        values = {name: v for name, v in values.items() if name in relation.columns}
        columns = ", ".join(f'"{column}"' for column in values)
        places = ", ".join(["%s"] * len(values))
        text = f"INSERT INTO {name} ({columns}) VALUES ({places}){tail}"
        return (quote(text, tuple(values.values())),)

    def update(column: str, value: Any, tail: str = "", *more: Any) -> tuple[str]:
        return (quote(f'UPDATE {name} SET "{column}" = %s{tail}', (value, *more)),)

    new = row(history, model, OWNER, NEW, hand=True)
    there = row(history, model, OWNER, 1, hand=True)
    over = f' ON CONFLICT ("{key.name}") DO UPDATE SET "{tenant}" = EXCLUDED."{tenant}"'
    neutral = _neutral(history, model)
    made: Statements = {
        "INSERT": insert(row(history, model, OWNER, NEW)),
        "INSERT RETURNING": insert(new, " RETURNING *"),
        "UPSERT": insert(there, over),
        "UPSERT as own": insert(there | {tenant: user}, over),
        "UPDATE": update(neutral, None),
        "UPDATE RETURNING": update(neutral, None, f"{mine} RETURNING *", OWNER),
        "UPDATE moved": update(tenant, OTHER),
        "DELETE": (f"DELETE FROM {name}",),
        "DELETE RETURNING": (quote(f"DELETE FROM {name}{mine} RETURNING *", (OWNER,)),),
    }
    if hand:
        column, _ = history.by_hand[model.name]
        made["INSERT by hand"] = insert(new)
        made["UPDATE passed off"] = update(column, not_by_hand(history, model))
    for constraint in shared_keys(history, model):
        made["INSERT booked"] = insert(new | {tenant: user})
        (element,) = (e for e in constraint.elements if e.parent.name != tenant)
        account = row_id(element.column.table, BYSTANDER, 0)
        made["UPDATE booked"] = update(element.parent.name, account)
    return made


def _neutral(history: History, model: sa.Table) -> str:
    """A column that may be emptied: no key, no mark, nothing that a trigger watches."""
    return next(
        str(column.name)
        for column in model.columns
        if column.nullable
        and not column.primary_key
        and not column.foreign_keys
        and column.name != history.tenant
        and column.name != history.by_hand.get(model.name, ("",))[0]
    )


def for_function(function: Function) -> Statements:
    """A call, with NULL for every argument."""
    arguments = ", ".join(f"NULL::{type_}" for type_ in function.arguments)
    name = f'{function.schema}."{function.name}"'
    return {"EXECUTE": (f"SELECT {name}({arguments})",)}


def for_schema(schema: Schema) -> Statements:
    """Looking a name up in it, and making a table there."""
    return {
        "USAGE": (f"SELECT '{schema.name}.nothing'::regclass",),
        "CREATE": (f"CREATE TABLE {schema.name}.probe ()",),
    }
