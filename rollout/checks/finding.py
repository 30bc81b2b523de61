"""What a check found: how bad, what, and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Status = Literal["PASS", "WARN", "FAIL"]


@dataclass(frozen=True)
class Finding:
    """One result of one check.

    ``summary`` is one line; ``details`` are lines below it; ``remedy`` holds the
    commands or SQL statements that mend it, each to be run as it stands.
    """

    status: Status
    summary: str
    details: tuple[str, ...] = ()
    remedy: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    """One object with something wrong, for :func:`judge`."""

    text: str
    remedy: str = ""
    ours: bool = True


def passed(summary: str, details: Iterable[str] = ()) -> Finding:
    """A finding that all is well."""
    return Finding("PASS", summary, tuple(details))


def warned(
    summary: str, details: Iterable[str] = (), remedy: Iterable[str] = ()
) -> Finding:
    """A finding that somebody should look at; does not stop a roll-out."""
    return Finding("WARN", summary, tuple(details), tuple(remedy))


def failed(
    summary: str, details: Iterable[str] = (), remedy: Iterable[str] = ()
) -> Finding:
    """A finding that must be mended before going on."""
    return Finding("FAIL", summary, tuple(details), tuple(remedy))


def judge(
    items: Iterable[Item],
    *,
    fine: str,
    bad: str,
    ours: Status = "FAIL",
    theirs: Status = "WARN",
) -> list[Finding]:
    """Findings on ``items``: this project's own ones apart from all others.

    Args:
        fine: Summary where nothing is wrong.
        bad: What the items are, after their number: "tables without …".
        ours: Status of items that this project made.
        theirs: Status of the others; PASS only lists them.
    """
    given = list(items)
    mine = [item for item in given if item.ours]
    others = [item for item in given if not item.ours]
    found = []
    if mine:
        found.append(_of(ours, f"{len(mine)} {bad}", mine))
    if others and theirs != "PASS":
        summary = f"{len(others)} {bad}, not made by this project"
        found.append(_of(theirs, summary, others))
    elif not mine:
        listed = [f"not made by this project: {item.text}" for item in others]
        found.append(passed(fine, listed))
    return found


def _of(status: Status, summary: str, items: list[Item]) -> Finding:
    details = tuple(item.text for item in items)
    return Finding(status, summary, details, tuple(i.remedy for i in items if i.remedy))
