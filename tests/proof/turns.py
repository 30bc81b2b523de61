"""One revision, down and up in turns, disturbed each time at another boundary.

The undisturbed command's result is what every disturbed one must come to.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.proof import sample
from tests.proof.interrupted import (
    COMMIT,
    Boundary,
    Ended,
    Interrupt,
    end_main,
    end_own,
    kill_client,
    run_forked,
)
from tests.proof.standing import (
    Standing,
    differences,
    left_behind,
    standing,
    staying,
)

FULL = os.environ.get("PROOF") == "full"
EVERY = 12
"""Of the boundaries inside a plain transaction, by default one in so many."""
SESSION_ONLY = ("SELECT", "SET ", "RESET", COMMIT)
"""In autocommit these change nothing: the moment before is the moment after."""
AROUND = ("alembic", "005")
"""The revision for which what surrounds all of them is disturbed as well."""


@dataclass(frozen=True)
class Command:
    """``alembic upgrade 005``: a step of one revision, of a section's history."""

    name: str
    target: str
    section: str = "alembic"

    def run(
        self, url: str, at: int | None = None, interrupt: Interrupt | None = None
    ) -> Ended:
        return run_forked(url, self.name, self.target, at, interrupt, self.section)

    def __str__(self) -> str:
        return f"{self.name} {self.target}"

    def undisturbed(self, url: str) -> Ended:
        """Run it in peace; it must succeed and leave nothing lying about."""
        ended = self.run(url)
        assert (ended.signal, ended.status) == (0, 0), f"{self}:\n{ended.said}"
        assert left_behind(url) == [], f"{self}"
        return ended


@dataclass(frozen=True)
class Disturbance:
    """An interruption at one boundary of a command."""

    command: Command
    at: int
    interrupt: Interrupt
    statement: str

    def __str__(self) -> str:
        how = self.interrupt.__name__
        return f"{self.command}: {how} at {self.at}, before {self.statement}"


def disturbances(
    command: Command, boundaries: list[Boundary], *, around: bool
) -> list[Disturbance]:
    """What is to be tried with one command.

    Args:
        around: Also before the revision begins and after it is done, where all
            commands do the same.
    """
    found = []
    for at in _chosen(boundaries, around or FULL):
        boundary = boundaries[at - 1]
        endings = [end_own, *[end_main] * (not boundary.main)]
        ways = [kill_client, *endings]
        if not FULL and _outside(boundaries, at):
            ways = [kill_client, endings[at % len(endings)]]
        elif not FULL:
            ways = [ways[at // EVERY % len(ways)]]
        found += [Disturbance(command, at, way, boundary.statement) for way in ways]
    return found


def _chosen(boundaries: list[Boundary], around: bool) -> list[int]:
    mains = [at for at, boundary in enumerate(boundaries, 1) if boundary.main]
    first, last = mains[0], mains[-1] + 1
    return [
        at
        for at in range(1, len(boundaries) + 1)
        if (around or first <= at <= last)
        and (FULL or at % EVERY == 0 or _outside(boundaries, at))
    ]


def _outside(boundaries: list[Boundary], at: int) -> bool:
    """Just before or after a commit, one of a batch or of autocommit included."""
    return any(
        boundary.statement == COMMIT
        if not boundary.autocommit
        else not boundary.statement.startswith(SESSION_ONLY)
        for boundary in boundaries[max(0, at - 2) : at]
    )


@dataclass
class Report:
    """What became of the disturbances of one job.

    ``missed``: the command was done before it came so far. Batches are sized by time,
    so a quick run of many rows has fewer of them than the one that was counted.
    """

    tried: int = 0
    missed: int = 0
    wrong: list[str] = field(default_factory=list)


def disturb(
    url: str, disturbance: Disturbance, expected: Standing, report: Report
) -> list[str]:
    """Interrupt, run again, compare; count it, and return what is wrong.

    A terminated connection may be one that nobody needs any more: then it succeeds.
    """
    command = disturbance.command
    ended = command.run(url, disturbance.at, disturbance.interrupt)
    if reached := len(ended.boundaries) >= disturbance.at:
        report.tried += 1
    else:
        report.missed += 1
    if not reached and (ended.signal, ended.status) != (0, 0):
        return [f"failed before its boundary: {ended.said}"]
    again = command.run(url)
    if (again.signal, again.status) != (0, 0):
        return [f"cannot be run again:\n{again.said}"]
    return left_behind(url) + differences(expected, standing(url))


def take_turns(
    url: str, down: Command, up: Command, part: int, parts: int, most: int = 10**9
) -> Report:
    """Go down and up until each has been disturbed everywhere; stop at a difference.

    The database, which stands before ``down``, is the job's own. Disturbances are dealt
    out to ``parts`` jobs; unless PROOF=full, ``most`` a command are spread over it.
    """
    with staying(url):
        return _turns(url, down, up, part, parts, most)


def _turns(
    url: str, down: Command, up: Command, part: int, parts: int, most: int
) -> Report:
    for command in (down, up):  # the first turn may differ from those that follow
        command.undisturbed(url)
    turns, around = [], (up.section, up.target) == AROUND
    for command in (down, up):
        boundaries = command.undisturbed(url).boundaries
        todo = disturbances(command, boundaries, around=around)
        if not FULL:
            todo = todo[:: -(-len(todo) // most)]
        turns.append((command, standing(url), todo[part::parts]))
    report = Report()
    for number in range(max(len(todo) for _, _, todo in turns)):
        for command, expected, todo in turns:
            if number >= len(todo):
                command.undisturbed(url)
            elif wrong := disturb(url, todo[number], expected, report):
                report.wrong = [str(todo[number]), *wrong]
                return report
    return report


def again_and_again(
    disturbed: str, undisturbed: str, interrupt: Interrupt, revisions: Sequence[str]
) -> Report:
    """Upgrade an empty database, interrupted ever later until a revision is done."""
    with staying(disturbed), staying(undisturbed):
        return _again(disturbed, undisturbed, interrupt, revisions)


def _again(
    disturbed: str, undisturbed: str, interrupt: Interrupt, revisions: Sequence[str]
) -> Report:
    report = Report()
    for revision in revisions:
        command = Command("upgrade", revision)
        command.undisturbed(undisturbed)
        at = 1 + report.tried % EVERY
        while len((ended := command.run(disturbed, at, interrupt)).boundaries) >= at:
            at += 1 if FULL else EVERY
            report.tried += 1
        wrong = left_behind(disturbed) if ended.status == 0 else [ended.said]
        wrong += differences(standing(undisturbed), standing(disturbed))
        if wrong:
            report.wrong = [f"{command}, interrupted again and again", *wrong]
            break
        if revision == "baseline":
            for url in (disturbed, undisturbed):
                sample.insert(url, sample.LEGACY)
    return report
