"""Column types that all tables share.

What a value would lose on its way into the column is refused before it is sent: binary
floats and surplus decimals in amounts, datetimes without a time zone, unknown enum
values. Expressions (``Model.amount * 1.5``) are not restricted, only stored values.
"""

import datetime as dt
import uuid
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar, cast

from sqlalchemy import DateTime, ForeignKey, Numeric, Text, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import mapped_column
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeDecorator, TypeEngine

__all__ = [
    "CreatedAt",
    "ExactNumeric",
    "IndexPoints",
    "Money",
    "OwnerId",
    "Percent",
    "Quantity",
    "SecretText",
    "TextEnum",
    "Timestamp",
    "UtcDateTime",
    "UuidPk",
]

E = TypeVar("E", bound=StrEnum)


class ExactNumeric(TypeDecorator[Decimal]):
    """``NUMERIC(precision, scale)`` that takes only what it keeps exactly.

    Raises:
        TypeError: The value is a float, or no number.
        ValueError: NaN, infinite, or with more decimals than ``scale``.

    SQLAlchemy wraps both in ``StatementError``. Too large a value is the server's to
    refuse (``DataError``).
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, label: str, precision: int, scale: int) -> None:
        super().__init__(precision, scale)
        self.label = label
        self.precision = precision
        self.scale = scale

    def process_bind_param(
        self, value: Decimal | int | None, dialect: Dialect
    ) -> Decimal | None:
        """Check ``value``; return it as Decimal."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, Decimal | int):
            raise TypeError(
                f"{self.label} takes Decimal or int, not {type(value).__name__}: "
                f"{value!r}. Write Decimal('...') from the original text."
            )
        amount = Decimal(value)
        if not amount.is_finite():
            raise ValueError(f"{self.label} takes no {amount}")
        if self._surplus(amount):
            raise ValueError(
                f"{self.label} keeps {self.scale} decimals: {amount} would be rounded. "
                f"Round it yourself: value.quantize(Decimal('1e-{self.scale}'))."
            )
        return amount

    def _surplus(self, amount: Decimal) -> bool:
        # By digits: quantize() and normalize() depend on the caller's context.
        _, digits, exponent = amount.as_tuple()
        cut = int(exponent) + self.scale
        return cut < 0 and any(digits[cut:])

    def coerce_compared_value(
        self, op: operators.OperatorType | None, value: Any
    ) -> TypeEngine[Any]:
        """Leave operands of expressions alone: nothing of them is stored."""
        return self.impl_instance.coerce_compared_value(op, value)


class UtcDateTime(TypeDecorator[dt.datetime]):
    """``TIMESTAMPTZ``: takes aware datetimes only, gives them back in UTC.

    Raises:
        TypeError: The value is no datetime.
        ValueError: It has no time zone, or its UTC time is outside years 1 to 9999.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: dt.datetime | None, dialect: Dialect
    ) -> dt.datetime | None:
        """Check ``value``; return it in UTC."""
        if value is None:
            return None
        if not isinstance(value, dt.datetime):
            raise TypeError(f"Timestamp takes a datetime, not {value!r}")
        if value.utcoffset() is None:
            raise ValueError(
                f"Timestamp takes no datetime without a time zone: {value!r}. "
                "Use datetime.now(UTC), or value.replace(tzinfo=...)."
            )
        try:
            return value.astimezone(dt.UTC)
        except OverflowError as error:
            raise ValueError(f"{value!r} has no UTC time in years 1-9999") from error

    def process_result_value(
        self, value: dt.datetime | None, dialect: Dialect
    ) -> dt.datetime | None:
        """Return ``value`` in UTC, whatever the connection's time zone."""
        # Sums and the like of dates may come here as other types.
        return value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value

    def coerce_compared_value(
        self, op: operators.OperatorType | None, value: Any
    ) -> TypeEngine[Any]:
        """Bind intervals as intervals: ``created_at - timedelta(days=1)``."""
        if isinstance(value, dt.datetime):
            return self
        return self.impl_instance.coerce_compared_value(op, value)


class TextEnum(TypeDecorator[E], Generic[E]):
    """TEXT read as ``enum`` members; takes a member or its value.

    A value that this version of the enum does not know is read as plain ``str``: a
    revision that adds one must not break the applications already running.

    Raises:
        ValueError: The value to be written is none of the enum's.
    """

    impl = Text
    cache_ok = True

    def __init__(self, enum: type[E]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: E | str | None, dialect: Dialect) -> str | None:
        """Return the text of ``value``."""
        return None if value is None else str(self.enum(value).value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        """Return the member, or the text itself if it is unknown."""
        known: dict[Any, Any] = self.enum._value2member_map_
        return cast("E | None", known.get(value, value))

    def coerce_compared_value(
        self, op: operators.OperatorType | None, value: Any
    ) -> TypeEngine[Any]:
        """Bind what is compared as the enum; patterns and the like as text."""
        if op in (operators.eq, operators.ne, operators.in_op, operators.not_in_op):
            return self
        return self.impl_instance.coerce_compared_value(op, value)


class _Secret(str):
    """Text whose repr is hidden: SQLAlchemy logs parameters and puts them in errors."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class SecretText(TypeDecorator[str]):
    """TEXT whose values appear neither in SQLAlchemy's log nor in its errors."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return ``value`` with a hidden repr."""
        return None if value is None else _Secret(value)


UuidPk = Annotated[
    uuid.UUID,
    mapped_column(
        primary_key=True,
        server_default=text("gen_random_uuid()"),
        comment="Row id, given by the server",
    ),
]

OwnerId = Annotated[
    uuid.UUID,
    mapped_column(
        ForeignKey("auth.users.id", ondelete="CASCADE"),
        comment="Owner, auth.users.id; the row goes when the user goes",
    ),
]

Timestamp = Annotated[dt.datetime, mapped_column(UtcDateTime)]

CreatedAt = Annotated[
    dt.datetime,
    mapped_column(
        UtcDateTime, server_default=text("now()"), comment="When the row was made"
    ),
]

Money = Annotated[Decimal, mapped_column(ExactNumeric("Money", 20, 2))]
Quantity = Annotated[Decimal, mapped_column(ExactNumeric("Quantity", 20, 8))]
Percent = Annotated[Decimal, mapped_column(ExactNumeric("Percent", 10, 4))]
IndexPoints = Annotated[Decimal, mapped_column(ExactNumeric("IndexPoints", 10, 2))]
