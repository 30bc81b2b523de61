"""A mutant: one change that takes a wall down, or a hinge off it."""

from dataclasses import dataclass

from tests.isolation.found import Found, Relation
from tests.isolation.history import History


@dataclass(frozen=True)
class Mutant:
    """One weakening of one object.

    ``first`` is the actor and the command with which it is most likely noticed.
    """

    sort: str
    object: str
    what: str
    statements: tuple[str, ...]
    oid: int = 0
    first: tuple[str, str] = ("", "")

    def __str__(self) -> str:
        return f"{self.object}: {self.what}"


def parked(history: History, relation: Relation) -> bool:
    """Whether its grants and policies are tried where it comes from."""
    shut = relation.schema in history.closed_schemas
    return shut and history.model(relation.schema, relation.table) is not None


def ours(history: History, found: Found) -> list[Relation]:
    """Relations whose mutants are tried here."""
    return [r for r in found.relations if r.ours and not parked(history, r)]


def example(history: History, role: str) -> str:
    """An actor of that role; for PUBLIC one that has the fewest rights."""
    names = [name for name, actor in history.actors.items() if actor.role == role]
    return names[0] if names else example(history, history.passer_by.role)
