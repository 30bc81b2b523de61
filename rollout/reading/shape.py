"""What a history has made so far, as names: which a revision takes away, which it adds.

A small catalog that the reader of SQL writes into
(:mod:`rollout.reading.schema_reader`). Only before and after a revision are compared:
what is dropped and made again, or made and dropped, or renamed there and back, has not
changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from rollout.reading.thing import (
    MAYBE,
    UNKNOWN,
    Change,
    Step,
    Thing,
    plain,
    step_across,
    step_down,
    step_up,
    told,
)

PARTS = ("column", "constraint", "policy", "trigger")
RELATIONS = ("table", "view", "materialized view", "foreign table", "sequence", "index")


@dataclass
class Shape:
    """Thing → what matters of it: a column's type, a trigger's function …

    ``retired`` has what the layer's own operations keep for the way back, under names
    that no application was ever given: its going is no loss. ``noted`` are changes that
    leave every name as it is; ``unread`` what could not be understood.
    """

    things: dict[Thing, str] = field(default_factory=dict)
    retired: set[str] = field(default_factory=set)
    noted: list[Change] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    before: dict[Thing, str] = field(default_factory=dict)

    def begin(self) -> None:
        """Start a revision."""
        self.before = dict(self.things)
        self.noted, self.unread = [], []

    def add(self, thing: Thing, detail: str = "") -> None:
        """It is there from now on."""
        if not thing.is_layers and not self._is_retired(thing):
            self.things[thing] = detail

    def expect(self, thing: Thing, detail: str = UNKNOWN) -> str:
        """It was there before, even if no revision here made it; its detail."""
        if thing.is_layers or self._is_retired(thing):
            return detail
        if thing not in self.things:
            self.things[thing] = detail
            self.before.setdefault(thing, detail)
        return self.things[thing]

    def drop(self, thing: Thing, *, maybe: bool = False) -> None:
        """It goes, with its parts."""
        self.expect(thing, MAYBE if maybe else UNKNOWN)
        for part in [thing, *self.parts(thing)]:
            self.things.pop(part, None)

    def parts(self, thing: Thing) -> list[Thing]:
        """What goes and moves with it: columns, or all that is in a schema."""
        if thing.sort in PARTS:
            return []
        inside = thing.name if thing.sort == "schema" else thing.whole
        return [t for t in self.things if f"{t.of}.".startswith(f"{inside}.")]

    def rename(self, thing: Thing, new: Thing) -> None:
        """It goes by another name; its parts come along."""
        detail = self.expect(thing)
        moved = [
            (Thing(p.sort, new.whole + p.of[len(thing.whole) :], p.name),
             self.things.pop(p))
            for p in self.parts(thing)
        ]  # fmt: skip
        self.things.pop(thing, None)
        for part, its in [(new, detail), *moved]:
            self.add(part, its)

    def retire(self, thing: Thing) -> None:
        """It stays for the way back alone; nothing said of it from now on counts."""
        self.retired.add(thing.whole)
        for part in [thing, *self.parts(thing)]:
            self.things.pop(part, None)

    def _is_retired(self, thing: Thing) -> bool:
        return thing.whole in self.retired or thing.of in self.retired

    def note(self, step: Step, sort: str, text: str) -> None:
        """Remember a change that leaves every name as it is."""
        if all(text != change.text for change in self.noted):
            self.noted.append(Change(step, sort, text))

    def note_if_known(self, thing: Thing) -> None:
        """Remember that something is made anew under the same name."""
        if thing in self.things or thing in self.before:
            self.note(Step.PATCH, thing.sort, f"{thing} replaced")

    def changes(self) -> list[Change]:
        """What this revision changed, the gravest first."""
        found = [*self._gone(), *self._new(), *self._other(), *self.noted]
        return sorted(found, key=lambda change: (-change.step, change.text))

    def _gone(self) -> Iterator[Change]:
        for thing, detail in self.before.items():
            if not (
                thing in self.things
                or self._is_retired(thing)
                or self._goes_with_another(thing, self.before, self.things)
            ):
                yield Change(step_down(thing, detail), thing.sort, f"{thing} gone")

    def _new(self) -> Iterator[Change]:
        for thing, detail in self.things.items():
            if self.before.get(thing, MAYBE) == MAYBE and not (
                self._goes_with_another(thing, self.things, self.before)
            ):
                yield Change(step_up(thing, detail), thing.sort, f"{thing} added")

    def _other(self) -> Iterator[Change]:
        for thing, detail in self.things.items():
            was = self.before.get(thing, MAYBE)
            if was != MAYBE and plain(was) != plain(detail):
                text = f"{thing} was {told(was)}, is {told(detail)}"
                yield Change(step_across(thing), thing.sort, text)

    def _goes_with_another(
        self, thing: Thing, here: dict[Thing, str], there: dict[Thing, str]
    ) -> bool:
        """Whether the table or schema that it is in came or went as a whole."""
        return any(
            other not in there or there[other] == MAYBE
            for other in here
            if other != thing
            and (
                (other.sort == "schema" and f"{thing.of}.".startswith(f"{other.name}."))
                or (other.sort in RELATIONS and thing.of == other.whole)
            )
        )
