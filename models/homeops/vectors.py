"""Column type of pgvector: lists of floats, and the distance that finds the nearest."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Double
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.engine import Dialect
from sqlalchemy.types import UserDefinedType

__all__ = ["Vector"]


class Vector(UserDefinedType[list[float]]):
    """``extensions.vector(dimension)``; the server keeps numbers of 32 bits.

    Raises:
        ValueError: Another number of numbers than ``dimension``, or one that is none.

    SQLAlchemy wraps it in ``StatementError``.
    """

    cache_ok = True

    def __init__(self, dimension: int | str | None = None) -> None:
        # Text where SQLAlchemy reads the type of a column from the server.
        self.dimension = None if dimension is None else int(dimension)

    def get_col_spec(self, **_: Any) -> str:
        """Return the type as written in SQL."""
        size = "" if self.dimension is None else f"({self.dimension})"
        return f"extensions.vector{size}"

    def bind_processor(
        self, dialect: Dialect
    ) -> Callable[[Sequence[float] | None], str | None]:
        """Return what writes a list as pgvector reads it."""

        def write(value: Sequence[float] | None) -> str | None:
            if value is None:
                return None
            numbers = [float(number) for number in value]
            if self.dimension not in {None, len(numbers)}:
                raise ValueError(
                    f"a vector of {self.dimension} numbers is wanted, not of"
                    f" {len(numbers)}: was it made by another model?"
                )
            if not all(map(math.isfinite, numbers)):
                raise ValueError("a vector takes neither NaN nor infinity")
            return f"[{','.join(map(repr, numbers))}]"

        return write

    def literal_processor(self, dialect: Dialect) -> Callable[[Sequence[float]], str]:
        """Return what writes a list into the text of a statement."""
        write = self.bind_processor(dialect)
        return lambda value: f"'{write(value)}'"

    def bind_expression(self, bindvalue: Any) -> ColumnElement[Any] | None:
        """Say the type: an operator must not have to guess it."""
        from sqlalchemy import cast

        return cast(bindvalue, self)

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[str | None], list[float] | None]:
        """Return what reads pgvector's text."""

        def read(value: str | None) -> list[float] | None:
            if value is None:
                return None
            return [float(number) for number in value.strip("[]").split(",")]

        return read

    class Comparator(UserDefinedType.Comparator[list[float]]):
        """What can be asked of a vector."""

        def cosine_distance(self, other: Sequence[float]) -> ColumnElement[float]:
            """0: the same direction; 1: nothing in common; 2: the opposite.

            The operator that the HNSW indexes serve, in ORDER BY … LIMIT.
            """
            # Schema written out: search_path need not have the extension's.
            return self.expr.op("OPERATOR(extensions.<=>)", return_type=Double())(other)

    comparator_factory = Comparator


# How Alembic's check reads the columns; without the schema where search_path has it.
ischema_names["extensions.vector"] = ischema_names["vector"] = Vector
