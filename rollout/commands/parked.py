"""What is in schema ``parked``: tables, columns' values, functions, components."""

import datetime as dt
import re
from dataclasses import dataclass

from sqlalchemy import Connection, text

from rollout.commands import components, effects, script_text
from rollout.commands.effect import Effects
from rollout.commands.target import Target
from rollout.sqltext import split_name

TABLES = text("""
    SELECT c.relname AS name, pg_catalog.pg_total_relation_size(c.oid) AS bytes,
        ARRAY(
            SELECT DISTINCT r.relname::text FROM pg_catalog.pg_constraint AS k
            JOIN pg_catalog.pg_class AS r ON r.oid = k.conrelid
            WHERE k.contype = 'f' AND k.confrelid = c.oid AND k.conrelid <> c.oid
                AND r.relnamespace = c.relnamespace
            UNION SELECT r.relname::text FROM pg_catalog.pg_depend AS d
            JOIN pg_catalog.pg_policy AS p ON p.oid = d.objid
            JOIN pg_catalog.pg_class AS r ON r.oid = p.polrelid
            WHERE d.classid = 'pg_catalog.pg_policy'::regclass
                AND d.refclassid = 'pg_catalog.pg_class'::regclass
                AND d.refobjid = c.oid AND r.oid <> c.oid
                AND r.relnamespace = c.relnamespace
        ) AS referring
    FROM pg_catalog.pg_class AS c
    WHERE c.relnamespace = to_regnamespace('parked') AND c.relkind IN ('r', 'p')
        AND c.relname <> 'components'
    ORDER BY c.relname
""")
FUNCTIONS = text("""
    SELECT p.oid::regprocedure::text AS name FROM pg_catalog.pg_proc AS p
    WHERE p.pronamespace = to_regnamespace('parked') AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_trigger AS t
        JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
        WHERE t.tgfoid = p.oid AND NOT (c.relname = ANY (CAST(:going AS text[]))
            AND c.relnamespace = to_regnamespace('parked'))
    ) ORDER BY 1
""")
ROLLED_BACK = text("""
    SELECT migration_file, applied_at FROM migrations.schema_versions
    WHERE status = 'rolled_back'
""")


@dataclass(frozen=True)
class Parked:
    """One parked table. ``since`` and ``by`` are None where nothing tells.

    ``referring`` are parked tables with a foreign key to it, or with a policy that
    reads it: they go first.
    """

    name: str
    rows: int
    bytes: int
    since: dt.datetime | None
    by: str | None
    referring: tuple[str, ...]


def tables(target: Target, connection: Connection) -> list[Parked]:
    """What is parked, with its time from the journal and the list of components.

    The journal's time of a revision's rollback is the time of everything it parked: so
    nothing has to be written beside the table, also not by a plain alembic downgrade.

    Locks: ACCESS SHARE on the parked tables, which are counted.
    """
    found = connection.execute(TABLES).all()
    if not found:
        return []
    times = _times(target, connection)
    return [
        Parked(
            row.name,
            _rows(connection, row.name),
            row.bytes,
            *times.get(row.name, (None, None)),
            tuple(row.referring),
        )
        for row in found
    ]


def _rows(connection: Connection, name: str) -> int:
    return int(connection.scalar(text(f'SELECT count(*) FROM parked."{name}"')) or 0)


def functions(target: Target, connection: Connection, going: list[str]) -> list[str]:
    """Functions that no trigger needs once the tables ``going`` are gone.

    Only those that this schema's revisions park: another's may be beside them.
    """
    ours = {
        split_name(name)[1]
        for found in _downgrades(target).values()
        for name in found.parked_functions
    }
    connection.exec_driver_sql("SET LOCAL search_path = ''")
    free = connection.scalars(FUNCTIONS, {"going": going})
    return [name for name in free if split_name(name)[1] in ours]


def _times(
    target: Target, connection: Connection
) -> dict[str, tuple[dt.datetime | None, str | None]]:
    """Parked table → when, and by which revision's downgrade or which component."""
    back = {
        row.migration_file: row.applied_at for row in connection.execute(ROLLED_BACK)
    }
    times: dict[str, tuple[dt.datetime | None, str | None]] = {}
    for revision, found in _downgrades(target).items():
        when = back.get(target.revision(revision).path.name)
        moved = [split_name(table)[1] for table in found.parked]
        moved += [parked for parked, _ in found.parked_columns.values()]
        for name in moved:
            times[re.sub(r"^parked\.", "", name)] = (when, revision)
    for row in components.parked(connection):
        times[split_name(row["table_name"])[1]] = (row["parked_at"], row["name"])
    return times


def _downgrades(target: Target) -> dict[str, Effects]:
    """What each revision's downgrade does."""
    steps = list(reversed(target.revisions))
    texts = script_text.by_revision(target, steps, up=False)
    return {revision: effects.of(sql) for revision, sql in texts.items()}


def drop_order(going: list[Parked]) -> list[Parked]:
    """Tables that refer to others come before those."""
    ordered: list[Parked] = []
    left = list(going)
    while left:
        names = {table.name for table in left}
        free = [t for t in left if not names & set(t.referring)] or left[:1]
        ordered += free
        left = [table for table in left if table not in free]
    return ordered
