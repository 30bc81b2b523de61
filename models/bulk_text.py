"""Values as the text that COPY reads: a column at a time, exact.

A column is looked at as a whole, by C code of Python's: its types, then its text. Only
where that cannot vouch for every value are the values looked at one by one, by the
column types of ``models.types`` themselves; they say what is wrong.
"""

import datetime as dt
import re
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ARRAY, JSON, Boolean, Date, Integer, Text, Uuid
from sqlalchemy.types import TypeEngine

from models.bulk_sql import DIALECT
from models.exact_json import ExactJson, dumps
from models.types import ExactNumeric, SecretText, TextEnum, UtcDateTime

__all__ = ["NULL", "RefusedValue", "encode"]

NULL = r"\N"
NONE = type(None)

Values = Sequence[Any]
Kinds = set[type]


class RefusedValue(Exception):
    """The value at ``position`` of a column cannot be written."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(reason)
        self.position = position
        self.reason = reason


def encode(column: TypeEngine[Any], values: Values) -> list[str]:
    """Return the COPY text of ``values`` for a column of this type.

    Raises:
        RefusedValue: A value is not of the column's type, or would lose something.
        TypeError: The type is none that models use.
    """
    kinds = set(map(type, values))
    if NONE not in kinds:
        return _texts(column, values, kinds)
    present = [at for at, value in enumerate(values) if value is not None]
    try:
        texts = _texts(column, [values[at] for at in present], kinds - {NONE})
    except RefusedValue as error:
        raise RefusedValue(present[error.position], error.reason) from error.__cause__
    filled = [NULL] * len(values)
    for at, text in zip(present, texts, strict=True):
        filled[at] = text
    return filled


def _texts(column: TypeEngine[Any], values: Values, kinds: Kinds) -> list[str]:
    for kind, together, single in CODECS:
        if isinstance(column, kind):
            texts = together(column, values, kinds)
            return _one_by_one(column, values, single) if texts is None else texts
    raise TypeError(f"bulk writes no column of type {column!r}")


def _one_by_one(
    column: TypeEngine[Any], values: Values, single: Callable[[Any, Any], str]
) -> list[str]:
    texts = []
    for position, value in enumerate(values):
        try:
            texts.append(_escaped(single(column, value)))
        except (TypeError, ValueError) as error:
            raise RefusedValue(position, str(error)) from error
        except RecursionError as error:
            raise RefusedValue(position, "it is nested too deeply") from error
    return texts


def _escaped(text: str) -> str:
    if "\0" in text:
        raise ValueError("PostgreSQL keeps no NUL character in text")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("it has half of a surrogate pair, which is no text") from error
    return _escape(text)


def _escape(text: str) -> str:
    return (
        text.replace("\\", "\\\\")
        .replace("\t", "\\t")
        .replace("\n", "\\n")
        .replace("\r", "\\r")
    )


def _escaped_together(texts: Sequence[str]) -> list[str] | None:
    joined = "\0".join(texts)
    if joined.count("\0") != len(texts) - 1:
        return None
    if not joined.isascii():
        try:
            joined.encode()
        except UnicodeEncodeError:
            return None
    return _escape(joined).split("\0")


def _strings(_: TypeEngine[Any], values: Values, kinds: Kinds) -> list[str] | None:
    return _escaped_together(values) if all(issubclass(k, str) for k in kinds) else None


def _string(_: Any, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"takes text, not {type(value).__name__}: {value!r}")
    return str(value)


def _secret(_: Any, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"takes text, not {type(value).__name__}")
    return str(value)


def _numbers(column: Any, values: Values, kinds: Kinds) -> list[str] | None:
    # Digits and a point, no more of them than the column keeps: nothing to be lost.
    if not kinds <= {Decimal, int}:
        return None
    try:
        texts = list(map(str, values))
    except ValueError:  # an int of thousands of digits
        return None
    exact = re.compile(rf"(?:-?[0-9]+(?:\.[0-9]{{1,{column.scale}}})?\n)*+")
    return texts if exact.fullmatch("\n".join([*texts, ""])) else None


def _number(column: Any, value: Any) -> str:
    return format(column.process_bind_param(value, DIALECT), "f")


def _uuids(_: TypeEngine[Any], values: Values, kinds: Kinds) -> list[str] | None:
    if all(issubclass(kind, uuid.UUID) for kind in kinds):
        return [value.hex for value in values]
    return None


def _uuid(_: Any, value: Any) -> str:
    if not isinstance(value, uuid.UUID | str):
        raise TypeError(f"takes a UUID, not {type(value).__name__}: {value!r}")
    try:
        return value.hex if isinstance(value, uuid.UUID) else uuid.UUID(value).hex
    except ValueError as error:
        raise ValueError(f"takes a UUID, which {value!r} is not") from error


def _members(column: Any, values: Values, _: Kinds) -> list[str] | None:
    known = {member: str(member.value) for member in column.enum}
    try:
        return [known[value] for value in values]
    except (KeyError, TypeError):
        return None


def _member(column: Any, value: Any) -> str:
    try:
        return str(column.process_bind_param(value, DIALECT))
    except ValueError as error:
        known = ", ".join(member.value for member in column.enum)
        raise ValueError(f"{error}; it is one of {known}") from error


def _times(_: TypeEngine[Any], values: Values, kinds: Kinds) -> list[str] | None:
    if kinds <= {dt.datetime} and all(value.tzinfo is dt.UTC for value in values):
        return [value.isoformat() for value in values]
    return None


def _time(column: Any, value: Any) -> str:
    return str(column.process_bind_param(value, DIALECT).isoformat())


def _days(_: TypeEngine[Any], values: Values, kinds: Kinds) -> list[str] | None:
    return list(map(dt.date.isoformat, values)) if kinds <= {dt.date} else None


def _day(_: Any, value: Any) -> str:
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise TypeError(f"takes a date, not {type(value).__name__}: {value!r}")
    return value.isoformat()


def _integers(_: TypeEngine[Any], values: Values, kinds: Kinds) -> list[str] | None:
    return list(map(str, values)) if kinds <= {int} else None


def _integer(_: Any, value: Any) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"takes an int, not {type(value).__name__}: {value!r}")
    return str(int(value))


def _booleans(_: TypeEngine[Any], values: Values, kinds: Kinds) -> list[str] | None:
    return ["t" if value else "f" for value in values] if kinds <= {bool} else None


def _boolean(_: Any, value: Any) -> str:
    raise TypeError(f"takes True or False, not {type(value).__name__}: {value!r}")


def _documents(_: TypeEngine[Any], values: Values, kinds: Kinds) -> list[str] | None:
    try:
        return _escaped_together(list(map(dumps, values)))
    except (TypeError, ValueError, RecursionError):
        return None


def _document(_: Any, value: Any) -> str:
    try:
        return dumps(value)
    except TypeError as error:
        raise TypeError(
            f"{error} Or parse the provider's text with "
            "json.loads(text, parse_float=Decimal)."
        ) from error


def _apart(_: TypeEngine[Any], values: Values, kinds: Kinds) -> list[str] | None:
    return None


def _array(column: Any, value: Any) -> str:
    if not isinstance(value, list | tuple) or not isinstance(column.item_type, Text):
        raise TypeError(f"takes a list of text, not {value!r}")
    items = ["NULL" if item is None else _quoted(_string(None, item)) for item in value]
    return "{" + ",".join(items) + "}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


Together = Callable[[Any, Values, Kinds], "list[str] | None"]
CODECS: tuple[tuple[type | tuple[type, ...], Together, Callable[[Any, Any], str]], ...]
CODECS = (
    (ExactNumeric, _numbers, _number),
    (TextEnum, _members, _member),
    (UtcDateTime, _times, _time),
    (SecretText, _strings, _secret),
    ((ExactJson, JSON), _documents, _document),
    (Text, _strings, _string),
    (Uuid, _uuids, _uuid),
    (Date, _days, _day),
    (Boolean, _booleans, _boolean),
    (Integer, _integers, _integer),
    (ARRAY, _apart, _array),
)
