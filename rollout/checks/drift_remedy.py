"""SQL that makes an object again what the revisions made it; where that is plain."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rollout.catalog import Snapshot

if TYPE_CHECKING:
    from rollout.checks.catalog_drift import Difference

POLICY = re.compile(
    r"(?P<mode>PERMISSIVE|RESTRICTIVE) (?P<command>\w+) TO (?P<rest>.*)", re.DOTALL
)
BY_HAND = "by hand: {word} {kind} {name}"


class Remedies:
    """Statements for differences between a fresh database and this one."""

    def __init__(self, expected: Snapshot, actual: Snapshot) -> None:
        self._expected, self._actual = expected, actual

    def of(self, differences: Iterable["Difference"]) -> list[str]:
        """The statements, each object's only once."""
        statements: dict[str, None] = {}
        for difference in differences:
            for statement in self._one(difference):
                statements[statement] = None
        return list(statements)

    def _one(self, d: "Difference") -> Iterator[str]:
        if d.now is not None:
            yield from self._take_away(d)
        if d.was is not None:
            yield from self._make(d, d.was)

    def _take_away(self, d: "Difference") -> Iterator[str]:
        table, name = _split(d.name)
        if d.kind in {"policy", "trigger", "rule"}:
            yield f"DROP {d.kind.upper()} {name} ON {table};"
        elif d.kind == "constraint":
            yield f"ALTER TABLE {table} DROP CONSTRAINT {name};"
        elif d.kind == "index":
            yield f"DROP INDEX CONCURRENTLY {d.name};"
        elif d.kind == "grant" and d.now is not None:
            yield from _revokes(d.name.removeprefix("table "), d.now)
        elif d.was is None:
            yield BY_HAND.format(word=d.word, kind=d.kind, name=d.name)

    def _make(self, d: "Difference", was: str) -> Iterator[str]:
        table, name = _split(d.name)
        if d.kind == "policy" and (parts := POLICY.match(was)):
            yield (
                f"CREATE POLICY {name} ON {table} AS {parts['mode']} "
                f"FOR {parts['command']} TO {parts['rest']};"
            )
        elif d.kind == "constraint":
            yield f"ALTER TABLE {table} ADD CONSTRAINT {name} {was};"
        elif d.kind in {"function", "trigger"}:
            yield f"{was.rstrip()};"
        elif d.kind == "index" and " PRIMARY" not in was:
            yield f"{was.replace(' INDEX ', ' INDEX CONCURRENTLY ', 1)};"
        elif d.kind == "view":
            options = self._options(d.name)
            query = was.rstrip().rstrip(";")
            yield f"CREATE OR REPLACE VIEW {d.name}{options} AS{query};"
        elif d.kind == "grant":
            yield from _grants(d.name.removeprefix("table "), was)
        elif d.kind == "relation" and d.now is not None:
            yield from _relation(d.name, was, d.now)
        else:
            yield BY_HAND.format(word=d.word, kind=d.kind, name=d.name)

    def _options(self, view: str) -> str:
        said = re.search(r"with (.*)", self._expected["relation"].get(view, ""))
        return f" WITH ({said[1]})" if said else ""


def _split(name: str) -> tuple[str, str]:
    """Split ``table "a name"``, either of which may be quoted and hold blanks."""
    parts = re.match(r'((?:[\w.]|"(?:[^"]|"")*")+) (.*)', name, re.DOTALL)
    return (parts[1], parts[2]) if parts else ("", name)


def _revokes(target: str, now: str) -> Iterator[str]:
    """Take everything back; for a column right by right, as the syntax wants it."""
    column = ""
    if target.startswith("column "):
        target, _, column = target.removeprefix("column ").rpartition(".")
    for grant in now.split("; "):
        grantee, colon, rights = grant.partition(": ")
        if column:
            for right in rights.replace("*", "").split(", "):
                yield f"REVOKE {right} ({column}) ON {target} FROM {grantee};"
        elif colon:
            yield f"REVOKE ALL ON {target} FROM {grantee};"


def _grants(target: str, was: str) -> Iterator[str]:
    for grant in was.split("; "):
        grantee, colon, rights = grant.partition(": ")
        if colon:
            yield f"GRANT {rights} ON {target} TO {grantee};"


def _relation(name: str, was: str, now: str) -> Iterator[str]:
    if "row level security" in was and "row level security" not in now:
        yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;"
    elif was.startswith("view, with ") and was != now:
        yield f"ALTER VIEW {name} SET ({was.removeprefix('view, with ')});"
    else:
        yield BY_HAND.format(word="changed", kind="relation", name=name)
