"""Semantic versions of revisions, held against what their SQL does.

MAJOR breaks applications, MINOR adds, PATCH is for data, indexes and corrections; each
revision has the version that its gravest change asks for. Before 1.0.0 anything may
change with a MINOR step, and 1.0.0 itself needs no change at all.

Source: HomeOps strategy, "Semantic Versioning for Schemas"; semver.org, 4 and 5.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rollout.commands.revisions import Revision
from rollout.reading.thing import Change, Step

Version = tuple[int, int, int]
FORM = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")

FOREIGN: dict[str, tuple[str, ...]] = {
    "data": ("table", "column", "view", "materialized view", "foreign table", "policy",
             "constraint", "function", "procedure", "trigger", "type", "sequence"),
    "indexes": ("table", "column", "view", "materialized view", "foreign table",
                "policy", "function", "procedure", "trigger", "type", "data"),
    "procedures": ("table", "column", "foreign table", "constraint", "data"),
}  # fmt: skip
"""Kind of a revision → what it has no business with."""
NARROW = {"data": "data", "index": "indexes", "statistics": "indexes"}
"""What a revision of kind schema is not, if it does nothing else."""


@dataclass(frozen=True)
class Read:
    """What one revision's SQL changes, and what of it could not be read."""

    changes: list[Change]
    unread: list[str]

    @property
    def needed(self) -> Step:
        """The step that the changes ask for; the least one where there are none."""
        return max((change.step for change in self.changes), default=Step.PATCH)


@dataclass(frozen=True)
class Fault:
    """Something wrong with one revision. ``grave``: applications are misled by it."""

    revision: str
    text: str
    grave: bool = True
    mend: str = ""


def parse(version: str) -> Version | None:
    """``1.2.3`` as numbers; None for anything else."""
    found = FORM.fullmatch(version)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def after(version: Version, step: Step) -> str:
    """The version a step further."""
    major, minor, patch = version
    return {
        Step.MAJOR: f"{major + 1}.0.0",
        Step.MINOR: f"{major}.{minor + 1}.0",
        Step.PATCH: f"{major}.{minor}.{patch + 1}",
    }[step]


def taken(before: Version, now: Version) -> Step:
    """The step between two versions."""
    if now[0] != before[0]:
        return Step.MAJOR
    return Step.MINOR if now[1] != before[1] else Step.PATCH


def order(revisions: list[Revision]) -> Iterator[Fault]:
    """Versions that are none, do not rise, or leave some out."""
    for before, this in _neighbours(revisions):
        was, now = parse(before.version) if before else None, parse(this.version)
        if now is None:
            text = f"{this.version!r} is no version like 1.2.3"
            yield Fault(this.revision, text)
        elif before is not None and was is not None:
            yield from _between(before, this, was, now)


def _between(
    before: Revision, this: Revision, was: Version, now: Version
) -> Iterator[Fault]:
    if now <= was:
        yield Fault(
            this.revision,
            f"{this.version} comes after {before.version} of {before.revision},"
            " and is not higher",
        )
    elif this.version != after(was, taken(was, now)):
        missing = after(was, taken(was, now))
        text = f"{before.version} → {this.version} leaves out {missing}"
        yield Fault(this.revision, text, grave=False)


def contents(revisions: list[Revision], reads: Mapping[str, Read]) -> Iterator[Fault]:
    """Steps and kinds that are not what the SQL does, unless the revision says why."""
    for before, this in _neighbours(revisions):
        read = reads[this.revision]
        faults = list(_kind(this, read))
        was, now = parse(before.version) if before else None, parse(this.version)
        if was is not None and now is not None and now > was:
            faults += _step(this, read, was, now)
        if faults and this.version_note:
            continue
        if this.version_note:
            text = "its version_note excuses nothing: version and SQL agree"
            yield Fault(this.revision, text, grave=False, mend="remove it")
        yield from faults


def _step(this: Revision, read: Read, was: Version, now: Version) -> Iterator[Fault]:
    step, needed = taken(was, now), read.needed
    if was[0] == 0:
        needed = min(needed, Step.MINOR)
        step = min(step, needed) if now == (1, 0, 0) else step
    said = "; ".join(c.text for c in read.changes if c.step == read.needed)
    mend = f'schema_version = "{after(was, needed)}" in {this.path.name}'
    if step < needed:
        text = f"{this.version} is a {step.name} step; its SQL is {needed.name}: {said}"
        yield Fault(this.revision, text, mend=mend)
    elif step > needed and not read.unread:
        text = (
            f"{this.version} is a {step.name} step; its SQL is no more than"
            f" {needed.name}: {said or 'no change of the schema'}"
        )
        yield Fault(this.revision, text, grave=False, mend=mend)
    elif read.unread and step < Step.MAJOR:
        text = f"not to be read, so not judged: {'; '.join(read.unread)}"
        yield Fault(this.revision, text, grave=False)


def _kind(this: Revision, read: Read) -> Iterator[Fault]:
    strange = [c for c in read.changes if c.sort in FOREIGN.get(this.kind, ())]
    # What the layer does beside it (a trigger of its own …) is below MINOR.
    strange = [c for c in strange if c.step > Step.PATCH or c.sort == "data"]
    if strange:
        text = f"kind {this.kind!r}, but {'; '.join(c.text for c in strange)}"
        yield Fault(this.revision, text, grave=False)
    narrow = {NARROW.get(c.sort) for c in read.changes}
    if this.kind == "schema" and len(narrow) == 1 and None not in narrow:
        (other,) = narrow
        text = f"kind 'schema', but nothing else than {other}"
        mend = f'kind = "{other}" in {this.path.name}'
        yield Fault(this.revision, text, grave=False, mend=mend)


def _neighbours(
    revisions: list[Revision],
) -> Iterator[tuple[Revision | None, Revision]]:
    """Each revision with the one before it."""
    return zip([None, *revisions], revisions, strict=False)
