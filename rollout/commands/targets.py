"""Which revisions a TARGET means: head, base, 004, 1.4.0, +1 or -1."""

import difflib
import re

from rollout.commands.revisions import Revision
from rollout.commands.target import Target
from rollout.errors import RolloutError


class UnknownTarget(RolloutError):
    """No revision of this name or version."""

    def __init__(self, name: str, target: Target) -> None:
        self.name = name
        known = [r.revision for r in target.revisions]
        versions = [r.version for r in target.revisions]
        close = difflib.get_close_matches(name, [*known, *versions], n=1)
        super().__init__(
            f"there is no revision {name!r}.\n"
            "Nothing was changed.\n"
            f"There are {', '.join(known)}, and their versions {versions[0]} to"
            f" {versions[-1]}; head, base, +1 and -1 stand for what they say.\n"
            f"To see them all, run: rollout plan {close[0] if close else 'head'}"
        )


def steps_up(target: Target, current: str | None, name: str) -> list[Revision]:
    """The revisions from ``current`` up to ``name``, in order of running.

    Raises:
        RolloutError: Unknown, or below where the database stands.
    """
    here, there = _position(target, current), _find(target, current, name)
    if there < here:
        raise RolloutError(
            f"{name} lies below {current}, where the database stands.\n"
            "Nothing was changed.\n"
            "Going there would take revisions back.\n"
            f"If that is meant: rollout rollback {name}"
        )
    return target.revisions[here + 1 : there + 1]


def steps_down(target: Target, current: str | None, name: str) -> list[Revision]:
    """The revisions to take back from ``current`` to ``name``, in order of running.

    Raises:
        RolloutError: Unknown, or above where the database stands.
    """
    here, there = _position(target, current), _find(target, current, name)
    if there > here:
        raise RolloutError(
            f"{name} lies above {current or 'base'}, where the database stands.\n"
            "Nothing was changed.\n"
            "There is nothing to take back on the way there.\n"
            f"If going up is meant: rollout deploy {name}"
        )
    return list(reversed(target.revisions[there + 1 : here + 1]))


def is_below(target: Target, current: str | None, name: str) -> bool:
    """Whether ``name`` lies below where the database stands."""
    return _find(target, current, name) < _position(target, current)


def _position(target: Target, revision: str | None) -> int:
    """The revision's place in the history; -1 before all."""
    names = [r.revision for r in target.revisions]
    return names.index(revision) if revision else -1


def _find(target: Target, current: str | None, name: str) -> int:
    if name == "base":
        return -1
    if name in ("head", "heads"):
        return len(target.revisions) - 1
    if re.fullmatch(r"[+-]\d+", name):
        place = _position(target, current) + int(name)
        if not -1 <= place < len(target.revisions):
            raise UnknownTarget(name, target)
        return place
    for place, revision in enumerate(target.revisions):
        if name in (revision.revision, revision.version, f"v{revision.version}"):
            return place
    raise UnknownTarget(name, target)
