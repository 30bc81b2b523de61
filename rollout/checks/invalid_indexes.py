"""Indexes that an interrupted build left behind: written, never read."""

from typing import Any

from sqlalchemy import Row

from rollout.checks.context import Context
from rollout.checks.finding import Finding, Item, judge, passed

TITLE = "indexes left invalid by an interrupted build"

QUERY = """
    SELECT n.nspname, c.relname, i.indexrelid::regclass::text AS index,
        i.indrelid::regclass::text AS relation, x.relname AS name, p.phase,
        pg_get_indexdef(i.indexrelid) AS definition
    FROM pg_index AS i
    JOIN pg_class AS c ON c.oid = i.indrelid
    JOIN pg_class AS x ON x.oid = i.indexrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_stat_progress_create_index AS p
        ON p.index_relid = i.indexrelid AND p.datname = current_database()
    WHERE NOT (i.indisvalid AND i.indisready AND i.indislive)
        AND n.nspname = ANY (:schemas)
    ORDER BY 3
"""


def run(context: Context) -> list[Finding]:
    """Look for indisvalid = false; one that is being built is no finding."""
    rows = context.rows(QUERY, schemas=context.schemas)
    building = [row for row in rows if row.phase is not None]
    items = [
        Item(
            f"{row.index} on {row.relation}",
            _remedy(row),
            context.is_ours(row.nspname, row.relname),
        )
        for row in rows
        if row.phase is None
    ]
    found = judge(items, fine="all valid", bad="invalid")
    if building:
        told = [f"{row.index}: {row.phase}" for row in building]
        found.append(passed(f"being built now: {'; '.join(told)}"))
    return found


def _remedy(row: Row[Any]) -> str:
    """Drop what REINDEX CONCURRENTLY left over; build the others anew."""
    drop = f"DROP INDEX CONCURRENTLY {row.index};"
    if "_ccnew" in row.name or "_ccold" in row.name:
        return drop
    build = row.definition.replace(" INDEX ", " INDEX CONCURRENTLY ", 1)
    return f"{drop} {build};"
