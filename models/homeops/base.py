"""What all models of HomeOps share: metadata, types, what Alembic may propose."""

import datetime as dt
import types
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    FetchedValue,
    ForeignKeyConstraint,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.orm import DeclarativeBase, mapped_column

from models.base import NAMES, Shown
from models.types import ExactNumeric, UtcDateTime

__all__ = [
    "Amount",
    "Base",
    "UpdatedAt",
    "listed",
    "managed",
    "metadata",
    "refers",
]


class Base(Shown, DeclarativeBase):
    """Base of all models of HomeOps: a registry and metadata of their own.

    Every table names its schema. Columns with a default are filled by the server.
    """

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        dt.datetime: UtcDateTime,
    }
    __mapper_args__ = types.MappingProxyType({"eager_defaults": True})

    shown: ClassVar[tuple[str, ...]] = ("id",)


metadata = Base.metadata

UpdatedAt = Annotated[
    dt.datetime,
    mapped_column(
        UtcDateTime,
        server_default=text("now()"),
        server_onupdate=FetchedValue(),
        comment="When the row last changed, set by a trigger",
    ),
]

Amount = Annotated[Decimal, mapped_column(ExactNumeric("Amount", 15, 2))]

UNMODELLED = {"idx_items_title_trigrams", "amount_old"}
"""An index for which the server needs an extension; a column kept for the way back."""


def listed(column: str, *values: str, name: str) -> CheckConstraint:
    """Return the CHECK that ``column`` holds one of ``values``."""
    options = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({options})", name=name)


def refers(
    column: str, target: str, *, name: str, ondelete: str | None = "CASCADE"
) -> ForeignKeyConstraint:
    """Return the named foreign key of ``column``; the row goes with what it refers to.

    Args:
        target: Schema, table and column: ``core.users.id``.
    """
    return ForeignKeyConstraint([column], [target], name=name, ondelete=ondelete)


def managed(
    object: Any, name: str | None, type_: str, reflected: bool, compare_to: Any
) -> bool:
    """Return whether a change may be proposed; ``include_object`` of Alembic.

    False for tables that no model describes, and what is in UNMODELLED.
    """
    if type_ in {"index", "column"} and name in UNMODELLED:
        return False
    table = object if isinstance(object, Table) else getattr(object, "table", None)
    return table is None or f"{table.schema}.{table.name}" in metadata.tables
