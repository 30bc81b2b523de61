"""Whether the database is still as the revisions made it.

The same revisions are run in a scratch database, and the two catalogs compared. Objects
of others are no drift, unless they hang on a table of ours; nor is an expression that
only reads differently since the database was restored.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rollout import catalog
from rollout.catalog import Snapshot
from rollout.checks import drift_remedy
from rollout.checks.context import Context
from rollout.checks.finding import Finding, failed, passed, warned
from rollout.checks.fresh import Fresh, fresh

TITLE = "differences from a fresh database at the same revision"

HARMLESS = {("unexpected", "index"), ("missing", "comment"), ("changed", "comment")}
HARMLESS |= {("missing", "tuning"), ("changed", "tuning")}
"""They cost something or mislead, but show no row and lose none."""


@dataclass(frozen=True)
class Difference:
    """One object; ``was`` is its text in the fresh database, ``now`` in this one."""

    kind: str
    name: str
    was: str | None
    now: str | None

    @property
    def word(self) -> str:
        """As in :func:`rollout.catalog.diff`."""
        if self.now is None:
            return "missing"
        return "unexpected" if self.was is None else "changed"

    def told(self) -> str:
        """One line or more for people."""
        a = {} if self.was is None else {self.name: self.was}
        b = {} if self.now is None else {self.name: self.now}
        return "\n".join(catalog.diff({self.kind: a}, {self.kind: b}))


def run(context: Context) -> list[Finding]:
    """Compare with the revision at which the database stands."""
    revision = context.target.current(context.connection, required=True)
    if revision is None:
        return [passed("no revision is applied")]
    expected = fresh(context, revision)
    actual = catalog.snapshot(context.connection, expected.schemas)
    found = list(differences(expected, actual))
    theirs = [d for d in found if _may_be_theirs(context, d)]
    lesser = [d for d in found if d not in theirs and (d.word, d.kind) in HARMLESS]
    worse = [d for d in found if d not in theirs and d not in lesser]
    remedies = drift_remedy.Remedies(expected.after, actual)
    result = []
    if worse:
        result.append(
            failed(
                f"{_differences(len(worse))} from revision {revision}",
                [d.told() for d in worse],
                [*remedies.of(worse), "or put it into a revision: rollout new MESSAGE"],
            )
        )
    if lesser:
        summary = f"{_differences(len(lesser), 'lesser ')} from revision {revision}"
        told = [d.told() for d in lesser]
        result.append(warned(summary, told, remedies.of(lesser)))
    if not result:
        names = [f"the customer's own: {d.kind} {d.name}" for d in theirs]
        result.append(passed(f"same as a fresh database at {revision}", names))
    return result


def differences(expected: Fresh, actual: Snapshot) -> Iterator[Difference]:
    """What differs in objects of ours, and what hangs on tables of ours."""
    owned = {
        kind: {
            name: text
            for name, text in objects.items()
            if expected.before.get(kind, {}).get(name) != text
        }
        for kind, objects in expected.after.items()
    }
    relations = sorted(owned["relation"])
    for kind in sorted(owned):
        there, same = actual.get(kind, {}), expected.variants.get(kind, {})
        for name, was in sorted(owned[kind].items()):
            if there.get(name) not in (was, *same.get(name, ())):
                yield Difference(kind, name, was, there.get(name))
        for name in sorted(there.keys() - expected.after[kind].keys()):
            if _hangs_on(kind, name, there[name], relations):
                yield Difference(kind, name, None, there[name])


def _differences(number: int, which: str = "") -> str:
    return f"{number} {which}difference{'' if number == 1 else 's'}"


def _hangs_on(kind: str, name: str, text: str, relations: list[str]) -> bool:
    """Whether an object that should not be there belongs to one of ``relations``."""
    if kind in {"constraint", "policy", "trigger", "rule"}:
        return any(name.startswith(f"{relation} ") for relation in relations)
    if kind == "column":
        return any(name.startswith(f"{relation}.") for relation in relations)
    if kind == "grant":
        return any(name.startswith(f"column {relation}.") for relation in relations)
    if kind == "index":
        on = re.search(r" ON (?:ONLY )?(.+?) USING ", text)
        return on is not None and on[1] in relations
    return False


def _may_be_theirs(context: Context, difference: Difference) -> bool:
    """A function that a revision leaves as it is where it finds one, and its rights."""
    name = difference.name.removeprefix("function ")
    return name in context.may_be_theirs and difference.now is not None
