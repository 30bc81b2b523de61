"""JSONB whose numbers stay exact."""

import json
from collections.abc import Callable
from decimal import Decimal
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, NoReturn

from sqlalchemy import Text, cast, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ColumnElement, operators
from sqlalchemy.types import TypeDecorator, TypeEngine

__all__ = ["ExactJson", "dumps", "loads"]


class ExactJson(TypeDecorator[Any]):
    """JSONB that writes ``Decimal`` as a JSON number and reads fractions as Decimal.

    PostgreSQL keeps JSONB numbers as NUMERIC; only Python's json makes floats of them.
    Assign a new value to change a column: changes inside a list or dict are not seen.

    Raises:
        TypeError: A float, a key that is no text, or a value that JSON has not.
        ValueError: NaN or an infinity.
    """

    impl = JSONB(none_as_null=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:
        """Send text of our own making, past the driver's json module."""
        return lambda value: None if value is None else dumps(value)

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Fetch the text: psycopg would parse JSONB, into floats, before we see it."""
        return type_coerce(cast(column, Text), self)

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], Any]:
        """Parse the text; what a driver has parsed already (raw SQL) passes."""
        return lambda value: loads(value) if isinstance(value, str) else value

    def coerce_compared_value(
        self, op: operators.OperatorType | None, value: Any
    ) -> TypeEngine[Any]:
        """Bind documents as this type, keys and paths as JSONB would."""
        coerced = self.impl_instance.coerce_compared_value(op, value)
        return self if coerced is self.impl_instance else coerced


def dumps(value: Any) -> str:
    """Return ``value`` as JSON text, decimals digit by digit."""
    return WRITERS.get(type(value), _other)(value)


def _object(value: dict[Any, Any]) -> str:
    members = [
        f"{quoted(key) if type(key) is str else _key(key)}: "
        f"{WRITERS.get(type(member), _other)(member)}"
        for key, member in value.items()
    ]
    return "{" + ", ".join(members) + "}"


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"JSON keys are text, not {type(key).__name__}: {key!r}")
    return quoted(key)


def _array(value: list[Any]) -> str:
    return "[" + ", ".join(map(dumps, value)) + "]"


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"JSON has no {value}")
    return format(value, "f")


def _float(value: float) -> NoReturn:
    raise TypeError(
        f"exact JSON takes Decimal or int, not float: {value!r}. "
        "Write Decimal('...') from the original text."
    )


# By type, without a call of json for each value: documents are most of the work of an
# ingest. The order matters for subclasses, which are looked up one by one.
WRITERS: dict[type, Callable[[Any], str]] = {
    str: quoted,
    dict: _object,
    list: _array,
    tuple: _array,
    Decimal: _number,
    float: _float,
    bool: ("false", "true").__getitem__,
    int: int.__repr__,
    type(None): lambda _: "null",
}


def _other(value: Any) -> str:
    for kind, write in WRITERS.items():
        if isinstance(value, kind):
            return write(value)
    raise TypeError(f"JSON has no {type(value).__name__}: {value!r}")


def loads(text: str) -> Any:
    """Return the value of JSON ``text``; fractions as Decimal."""
    return json.loads(text, parse_float=Decimal)
