"""What a downgrade does to data: what is parked, with how many rows and values."""

import re
from dataclasses import dataclass

from sqlalchemy import Connection, text

from rollout.commands import estimate
from rollout.commands.effect import Effects
from rollout.commands.revisions import Revision

COUNTED_UP_TO = 1_000_000
"""Tables above are not counted but estimated: counting reads every row."""


@dataclass(frozen=True)
class Impact:
    """One line of what happens; ``rows`` is None where rows do not matter."""

    revision: str
    what: str
    fate: str
    rows: int | None = None
    exact: bool = True


def of(connection: Connection, revision: Revision, effects: Effects) -> list[Impact]:
    """What taking ``revision`` back does to the data that is there now.

    Locks: ACCESS SHARE on the tables, as any reader.
    """
    name = revision.revision
    found = [_table(connection, name, table) for table in effects.parked]
    for table, (parked, differs) in effects.parked_columns.items():
        found += _columns(connection, name, table, parked, differs)
    found += [
        Impact(name, what, "dropped, made again by the upgrade")
        for what in effects.dropped
    ]
    if effects.sources and not effects.parked_columns:
        sources = ", ".join(effects.sources)
        found.append(
            Impact(
                name, sources, revision.rollback or "see the file",
                estimate.rows(connection, effects.sources), exact=False,
            )
        )  # fmt: skip
    return found


def _table(connection: Connection, revision: str, table: str) -> Impact:
    if not _exists(connection, table):
        return Impact(revision, f"table {table}", "not there: nothing to park")
    rows, exact = _count(connection, table, "true")
    return Impact(revision, f"table {table}", "parked with every row", rows, exact)


def _columns(
    connection: Connection, revision: str, table: str, parked: str, differs: str
) -> list[Impact]:
    """The columns together, then each one that holds a value worth keeping."""
    names, defaults = (
        [part.strip() for part in _parts(side)]
        for side in differs.split(" IS DISTINCT FROM ")
    )
    if not _exists(connection, table) or _missing(connection, table, names):
        return [Impact(revision, f"columns of {table}", "some are missing already")]
    rows, exact = _count(connection, table, differs)
    fate = f"dropped; what differs from the defaults goes to {parked}"
    found = [Impact(revision, f"columns of {table}", fate, rows, exact)]
    for name, default in zip(names, defaults, strict=True):
        own, exact = _count(connection, table, f"{name} IS DISTINCT FROM {default}")
        if own:
            found.append(
                Impact(revision, f"  {table}.{name}", "not the default", own, exact)
            )
    return found


def _parts(row: str) -> list[str]:
    """The members of ``(a, 'b', c)``."""
    return re.findall(r"(?:'(?:[^']|'')*'|[^,'])+", row.strip()[1:-1])


def _exists(connection: Connection, table: str) -> bool:
    query = text("SELECT to_regclass(:table) IS NOT NULL")
    return bool(connection.scalar(query, {"table": table}))


def _missing(connection: Connection, table: str, columns: list[str]) -> bool:
    found = connection.scalars(
        text("""
            SELECT attname FROM pg_catalog.pg_attribute
            WHERE attrelid = to_regclass(:table) AND attnum > 0 AND NOT attisdropped
        """),
        {"table": table},
    )
    return bool(set(columns) - set(found))


def _count(connection: Connection, table: str, where: str) -> tuple[int, bool]:
    """Rows of ``table`` for which ``where`` holds, and whether that was counted."""
    estimated = estimate.rows(connection, [table])
    if estimated <= COUNTED_UP_TO:
        count = text(f"SELECT count(*) FROM {table} WHERE {where}")
        return int(connection.scalar(count) or 0), True
    if where == "true":
        return estimated, False
    percent = 100 * COUNTED_UP_TO / estimated
    sample = text(
        f"SELECT count(*) FROM {table} TABLESAMPLE SYSTEM ({percent:.4f}) WHERE {where}"
    )
    return round(int(connection.scalar(sample) or 0) * 100 / percent), False
