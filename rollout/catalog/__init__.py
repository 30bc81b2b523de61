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


def snapshot(connection: Connection, schemas: Sequence[str] = ("public",)) -> Snapshot:
    """Describe everything in ``schemas``, from pg_catalog.

    In the connection's transaction, which must not be AUTOCOMMIT: the empty search_path
    that makes PostgreSQL write names out in full is set for the reading only.

    Locks: none but those of a reader of the catalog.
    """
    path = connection.scalar(text("SELECT current_setting('search_path')"))
    set_path = text("SELECT set_config('search_path', :path, true)")
    connection.execute(set_path, {"path": ""})
    names = {"schemas": list(schemas)}
    found = {
        kind: {row[0]: row[1] for row in connection.execute(text(query), names)}
        for kind, query in QUERIES.items()
    }
    connection.execute(set_path, {"path": path})
    return found


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
