"""What has a name, and which step of a version its coming or going is."""

from dataclasses import dataclass
from enum import IntEnum

LAYER = ("migrations", "parked", "pg_catalog", "pg_temp")
"""Schemas that no application uses."""
UNKNOWN, MAYBE = "?", "??"
"""Details of what no revision made: it is there, or may be (DROP … IF EXISTS)."""
REQUIRED, GIVEN = "; required", "; given"
"""Of a column that an INSERT does not name: it fails; it gets a default or the like."""
NOT_USED = ("index", "statistics")
"""What no statement of an application names."""
LOOSE = ("check", "foreign key", "exclusion", "not null")
"""Constraints without which more is allowed, and nothing fails."""


class Step(IntEnum):
    """The part of a version that a change raises."""

    PATCH = 1
    MINOR = 2
    MAJOR = 3


@dataclass(frozen=True)
class Thing:
    """Something with a name: ``of`` is the table that it is part of, or its schema."""

    sort: str
    of: str
    name: str

    def __str__(self) -> str:
        """As people write it: "column public.t.a"."""
        return f"{self.sort} {self.of}.{self.name}".replace(" .", " ")

    @property
    def whole(self) -> str:
        """What its parts have as ``of``."""
        return f"{self.of}.{self.name}"

    @property
    def is_layers(self) -> bool:
        """Whether it is in a schema that no application uses."""
        return self.of.partition(".")[0] in LAYER


@dataclass(frozen=True)
class Change:
    """One difference that an application, or nobody, notices."""

    step: Step
    sort: str
    text: str


def plain(detail: str) -> str:
    """A column's type without what matters only when it is new."""
    return detail.removesuffix(REQUIRED).removesuffix(GIVEN)


def told(detail: str) -> str:
    """A column's type as people are told it."""
    return "something else" if detail in (UNKNOWN, MAYBE) else plain(detail)


def step_down(thing: Thing, detail: str) -> Step:
    """The step when it goes."""
    if thing.sort in NOT_USED or (thing.sort == "trigger" and _of_layer(detail)):
        return Step.PATCH
    if thing.sort == "constraint" and detail in LOOSE:
        return Step.MINOR
    return Step.MAJOR


def step_up(thing: Thing, detail: str) -> Step:
    """The step when it comes."""
    if thing.sort in NOT_USED or (thing.sort == "trigger" and _of_layer(detail)):
        return Step.PATCH
    if thing.sort == "column" and detail.endswith(REQUIRED):
        return Step.MAJOR  # an INSERT of before does not name it
    return Step.MINOR


def step_across(thing: Thing) -> Step:
    """The step when it stays and becomes another."""
    if thing.sort in ("column", "function", "procedure", "type"):
        return Step.MAJOR
    return Step.MINOR if thing.sort == "constraint" else Step.PATCH


def _of_layer(function: str) -> bool:
    return function.partition(".")[0] in LAYER
