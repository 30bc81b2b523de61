"""What ``alembic check`` and ``--autogenerate`` may do with the models.

Hooks for env.py; Alembic itself is not needed here.
"""

from typing import Any, Literal

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

from models.base import metadata

__all__ = ["managed", "plain_type"]


def managed(
    object: Any, name: str | None, type_: str, reflected: bool, compare_to: Any
) -> bool:
    """Return whether a change may be proposed; ``include_object`` of Alembic.

    False for ``auth.users``, the tables that were there before this project, all that
    hangs on those, and tables that no model describes.
    """
    table = object if isinstance(object, Table) else getattr(object, "table", None)
    if table is None:
        return True
    schema = None if table.schema == "public" else table.schema
    ours = metadata.tables.get(f"{schema}.{table.name}" if schema else table.name)
    return ours is not None and bool(ours.info.get("managed", True))


def plain_type(type_: str, object: Any, autogen_context: Any) -> str | Literal[False]:
    """Write a model's type as SQLAlchemy's own; ``render_item`` of Alembic.

    Revisions must not import models: those move on.
    """
    if type_ != "type" or not isinstance(object, TypeDecorator):
        return False
    plain = object.impl_instance
    if isinstance(plain, JSONB):
        autogen_context.imports.add("from sqlalchemy.dialects import postgresql")
        return "postgresql.JSONB()"
    return f"sa.{plain!r}"
