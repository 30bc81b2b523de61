"""JSONB whose numbers stay exact."""

import json
from collections.abc import Callable
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from typing import Any

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
    if type(value) is str:  # most of a document, and what bulk writes have most of
        return encode_basestring_ascii(value)
    match value:
        case dict():
            return "{" + ", ".join(_member(k, v) for k, v in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(dumps, value)) + "]"
        case Decimal():
            if not value.is_finite():
                raise ValueError(f"JSON has no {value}")
            return format(value, "f")
        case float():
            raise TypeError(
                f"exact JSON takes Decimal or int, not float: {value!r}. "
                "Write Decimal('...') from the original text."
            )
        case None | str() | bool() | int():
            return json.dumps(value)
        case _:
            raise TypeError(f"JSON has no {type(value).__name__}: {value!r}")


def _member(key: Any, value: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"JSON keys are text, not {type(key).__name__}: {key!r}")
    return f"{encode_basestring_ascii(key)}: {dumps(value)}"


def loads(text: str) -> Any:
    """Return the value of JSON ``text``; fractions as Decimal."""
    return json.loads(text, parse_float=Decimal)
