"""Trying every mutant: which cell notices it, if any."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass

from tests.isolation.cells import Cell
from tests.isolation.lab import Lab
from tests.isolation.mutant import Mutant


@dataclass(frozen=True)
class Caught:
    """A mutant, and the cell that came out otherwise; None if none did."""

    mutant: Mutant
    cell: Cell | None
    outcome: str | None


def hunt(lab: Lab, mutants: Iterable[Mutant]) -> Iterator[Caught]:
    """Each mutant in turn, in one transaction that is rolled back."""
    with lab.trial.rolled_back():
        for mutant in mutants:
            with lab.trial.savepoint("mutant", *mutant.statements):
                yield _noticed(lab, mutant)


def differing(
    lab: Lab, cells: Iterable[Cell]
) -> Generator[tuple[Cell, str], None, None]:
    """Cells that come out otherwise; those of one setting after one another."""
    for opening, group in by_setting(cells):
        with lab.trial.savepoint("setting", *opening):
            yield from lab.trial.differences(group)


def by_setting(
    cells: Iterable[Cell],
) -> list[tuple[tuple[str, ...], list[Cell]]]:
    """Cells grouped by what is opened for them."""
    groups: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        groups.setdefault(cell.opening, []).append(cell)
    return list(groups.items())


def _noticed(lab: Lab, mutant: Mutant) -> Caught:
    cells = _in_order(mutant, concerned(lab, mutant))
    with closing(differing(lab, cells)) as found:  # the first one will do
        cell, word = next(found, (None, None))
    return Caught(mutant, cell, word)


def concerned(lab: Lab, mutant: Mutant) -> list[Cell]:
    """Cells of the object, and of the views above it; of every table for a role.

    What is granted to a role is looked for with one actor of that role.
    """
    if mutant.sort == "role":
        return [cell for cell in lab.cells if cell.actor.role == mutant.object]
    oids = {mutant.oid, *lab.found.above.get(mutant.oid, ())} - {0}
    cells = [cell for oid in oids for cell in lab.by_oid.get(oid, ())]
    cells = cells or lab.by_object.get(mutant.object, [])
    if mutant.sort in {"grant", "column grant"}:
        return [cell for cell in cells if cell.actor_name == mutant.first[0]]
    return cells


def _in_order(mutant: Mutant, cells: list[Cell]) -> list[Cell]:
    """Where it is most likely noticed first: most cells are then never tried."""
    actor, command = mutant.first
    shut = any("ON SCHEMA" in text for cell in cells for text in cell.opening)
    behind = actor == "passer-by" or (shut and mutant.oid != 0)

    def unlikely(cell: Cell) -> tuple[bool, bool, bool]:
        same = command in {cell.command, cell.command.split()[0]}
        return bool(cell.opening) is not behind, cell.actor_name != actor, not same

    return sorted(cells, key=unlikely)
