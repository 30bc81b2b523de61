"""Rows in the text format of COPY."""

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def line(values: Sequence[Any]) -> str:
    r"""One row with its line's end; None is ``\N``, lists and dicts are JSON.

    Source: PostgreSQL manual, COPY, "Text Format".
    """
    return "\t".join(map(_field, values)) + "\n"


def _field(value: Any) -> str:
    match value:
        case None:
            return "\\N"
        case str():
            return value.translate(ESCAPES)
        case bool():
            return "t" if value else "f"
        case int() | Decimal() | uuid.UUID():
            return str(value)
        case dt.date():
            return value.isoformat()
        case list() | dict():
            return json.dumps(value, default=_exact).translate(ESCAPES)
        case _:
            raise TypeError(f"no way to write {type(value).__name__} for COPY")


def _exact(value: Any) -> Any:
    raise TypeError(f"JSON for COPY takes no {type(value).__name__}: write it as text")
