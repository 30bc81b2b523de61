"""Whether and how a change can be undone: the decision matrix, computed.

Source: HomeOps strategy, "Rollback Decision Matrix". The rows below "Data Migration"
continue it for what it leaves out: indexes, views and functions hold no rows, so that
they can be made again.
"""

from collections.abc import Iterable
from dataclasses import dataclass

MATRIX: dict[str, tuple[str, str]] = {
    "Add Table": ("Low", "Yes"),
    "Add Column": ("Low", "Yes"),
    "Add Index": ("Low", "Yes"),
    "Modify Column": ("High", "No"),
    "Drop Column": ("Very High", "No"),
    "Drop Table": ("Very High", "No"),
    "Data Migration": ("High", "Depends on change"),
    "Add Required Column": ("High", "No"),
    "Restructure Table": ("High", "No"),
    "Add Constraint": ("Low", "Yes"),
    "Add View": ("Low", "Yes"),
    "Add Function": ("Low", "Yes"),
    "Add Trigger": ("Low", "Yes"),
    "Drop Trigger": ("High", "No"),
    "Change Policy": ("High", "No"),
    "Drop Index": ("Low", "Yes"),
    "Drop View": ("Low", "Yes"),
    "Drop Function": ("Low", "Yes"),
}
"""Change → rollback complexity, and whether rolling back by itself is safe."""
COMPLEXITY = ("Low", "High", "Very High")
SAFETY = ("Yes", "Depends on change", "No")


@dataclass(frozen=True)
class Verdict:
    """The worst of a revision's changes."""

    changes: tuple[str, ...]
    complexity: str
    safe: str


def verdict(changes: Iterable[str]) -> Verdict:
    """What the matrix says of ``changes`` together; nothing changed is Low and Yes."""
    ordered = tuple(name for name in MATRIX if name in set(changes))
    complexity = [COMPLEXITY.index(MATRIX[name][0]) for name in ordered]
    safety = [SAFETY.index(MATRIX[name][1]) for name in ordered]
    return Verdict(
        ordered,
        COMPLEXITY[max(complexity, default=0)],
        SAFETY[max(safety, default=0)],
    )
