"""What a database is made of, as text that two databases can be compared by.

Owners' names, OIDs and the order of making do not show, so a database that was migrated
over a year and a fresh one at the same revision give the same snapshot.
"""

import difflib
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, text

from rollout.catalog.queries import QUERIES

Snapshot = dict[str, dict[str, str]]
"""Kind of object (``index``, ``grant`` …) → object → canonical text."""
CANONICAL = {
    "search_path": "",
    "standard_conforming_strings": "on",
    "quote_all_identifiers": "off",
}
"""What a role or database may have set otherwise."""


def snapshot(connection: Connection, schemas: Sequence[str] = ("public",)) -> Snapshot:
    """Describe everything in ``schemas``, from pg_catalog.

    In the connection's transaction, which must not be AUTOCOMMIT: the settings that
    decide how PostgreSQL writes names and strings are set for the reading only.

    Locks: none but those of a reader of the catalog.
    """
    before = _set(connection, CANONICAL)
    names = {"schemas": list(schemas)}
    found = {
        kind: {row[0]: row[1] for row in connection.execute(text(query), names)}
        for kind, query in QUERIES.items()
    }
    _set(connection, before)
    return found


def _set(connection: Connection, settings: dict[str, str]) -> dict[str, str]:
    """Set them for this transaction; what was set before."""
    before = {}
    for name, value in settings.items():
        query = text("SELECT current_setting(:name), set_config(:name, :value, true)")
        before[name] = str(
            connection.execute(query, {"name": name, "value": value}).one()[0]
        )
    return before


def diff(a: Snapshot, b: Snapshot) -> list[str]:
    """Readable lines on how ``b``, what is there, differs from ``a``, what should be.

    Empty if they are the same. A line says ``missing``, ``unexpected`` or ``changed``,
    then the object's kind and name, and its text.
    """
    lines: list[str] = []
    for kind in sorted(a.keys() | b.keys()):
        lines += _differences(kind, a.get(kind, {}), b.get(kind, {}))
    return lines


def _differences(kind: str, a: dict[str, str], b: dict[str, str]) -> Iterator[str]:
    for name in sorted(a.keys() | b.keys()):
        if name not in b:
            yield f"missing {kind} {name}: {_brief(a[name])}"
        elif name not in a:
            yield f"unexpected {kind} {name}: {_brief(b[name])}"
        elif a[name] != b[name]:
            yield f"changed {kind} {name}: {_change(a[name], b[name])}"


def _brief(described: str) -> str:
    """The first line of a function's or view's text."""
    first, more, _ = described.strip().partition("\n")
    return f"{first} …" if more else first


def _change(before: str, after: str) -> str:
    if "\n" not in before + after:
        return f"{before} → {after}"
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), n=0, lineterm=""
    )
    changed = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    return "\n    ".join(["", *changed])
