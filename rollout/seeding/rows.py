"""Rows of one table, to be put where they are missing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Rows:
    """Rows of ``table``, a name with its schema.

    ``make`` returns them, each as ``columns`` are listed; called only when they are
    needed. Columns in ``optional`` are left out where the
    table has none of that name. A row is there already if one has the same values in
    ``key``, columns with a unique constraint; by default, in the primary key.
    """

    table: str
    columns: tuple[str, ...]
    make: Callable[[], Iterable[Sequence[Any]]]
    optional: frozenset[str] = field(default_factory=frozenset)
    key: tuple[str, ...] = ()
