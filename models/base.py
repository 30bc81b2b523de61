"""What all models share: metadata, naming, repr, constraints."""

import types
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, MetaData, Text, inspect
from sqlalchemy.orm import DeclarativeBase

from models.enums import Provider, SnapshotType, SyncStatus, TransactionType
from models.types import TextEnum

__all__ = ["Base", "metadata", "not_nan", "one_of"]

# PostgreSQL's own names, so that they hold for tables made without SQLAlchemy too.
# All other constraints and indexes are named where they are declared.
NAMES = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
}


class Shown:
    """A repr of what tells rows apart."""

    shown: ClassVar[tuple[str, ...]]
    """Attributes in the repr: no amounts, never a secret."""

    def __repr__(self) -> str:
        # Only what is loaded: a repr must neither query nor fail on detached rows.
        loaded = inspect(self).dict
        fields = [f"{name}={loaded[name]!s}" for name in self.shown if name in loaded]
        return f"<{' '.join([type(self).__name__, *fields])}>"


class Base(Shown, DeclarativeBase):
    """Base of all models.

    Columns with a default are filled by the server, and read back in the same
    statement (``eager_defaults``), which asyncio needs.
    """

    # No schema: Alembic reads the tables of public as having none, and would propose
    # every foreign key again.
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        Provider: TextEnum(Provider),
        SyncStatus: TextEnum(SyncStatus),
        SnapshotType: TextEnum(SnapshotType),
        TransactionType: TextEnum(TransactionType),
    }
    __mapper_args__ = types.MappingProxyType({"eager_defaults": True})

    shown: ClassVar[tuple[str, ...]] = ("id", "user_id")


metadata = Base.metadata


def one_of(column: str, enum: type[StrEnum], *, name: str) -> CheckConstraint:
    """Return the CHECK that ``column`` holds a value of ``enum``."""
    values = ", ".join(f"'{member.value}'" for member in enum)
    return CheckConstraint(f"{column} IN ({values})", name=name)


def not_nan(*columns: str, name: str) -> CheckConstraint:
    """Return the CHECK that no column is NaN, which passes every ``>= 0``."""
    return CheckConstraint(f"'NaN'::numeric NOT IN ({', '.join(columns)})", name=name)
