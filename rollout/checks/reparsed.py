"""How the same expressions read after a dump and a restore.

PostgreSQL prints an expression from its parsed form. A restore parses that print, and
``a AND b AND c``, or a list of varchar, comes out with other brackets and casts. So the
expressions of a fresh database are made again from their print; both readings count.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, text

from rollout import catalog
from rollout.catalog import Snapshot

Variants = dict[str, dict[str, list[str]]]
"""Kind of object → object → its other readings; only of objects that have some."""

ROUNDS = 3
"""A restored database may have been dumped and restored again; the second print is
stable for all expressions known, so this is for the others."""

RELATION = """
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        AND n.nspname = ANY (CAST(:schemas AS text[]))
"""
AGAIN = (
    f"""
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %2$I %3$s',
        c.oid::regclass, k.conname, pg_get_constraintdef(k.oid))
    {RELATION} JOIN pg_constraint AS k ON k.conrelid = c.oid
    WHERE k.contype = 'c' AND k.conislocal
    """,
    f"""
    SELECT format('ALTER POLICY %I ON %s', p.polname, c.oid::regclass)
        || coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
        || coalesce(' WITH CHECK ('
            || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')
    {RELATION} JOIN pg_policy AS p ON p.polrelid = c.oid
    """,
    f"""
    SELECT format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s',
        c.oid::regclass, a.attname, pg_get_expr(d.adbin, d.adrelid))
    {RELATION} JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attgenerated = ''
    JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind IN ('r', 'p')
    """,
    f"""
    SELECT format('DROP INDEX %s; %s', i.indexrelid::regclass,
        pg_get_indexdef(i.indexrelid))
    {RELATION} JOIN pg_index AS i ON i.indrelid = c.oid
    WHERE (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
    """,
    f"""
    SELECT regexp_replace(pg_get_triggerdef(t.oid), '^CREATE ', 'CREATE OR REPLACE ')
    {RELATION} JOIN pg_trigger AS t ON t.tgrelid = c.oid
    WHERE t.tgqual IS NOT NULL AND NOT t.tgisinternal AND t.tgconstraint = 0
    """,
    f"""
    SELECT format('CREATE OR REPLACE VIEW %s AS %s', c.oid::regclass,
        pg_get_viewdef(c.oid))
    {RELATION} WHERE c.relkind = 'v'
    """,
)
"""Queries whose rows are statements: each makes an object again from its print."""
KINDS = ("constraint", "policy", "column", "index", "trigger", "view")


def variants(
    connection: Connection, schemas: Sequence[str], first: Snapshot
) -> Variants:
    """The other readings of what is in ``schemas``. Rolls back what it does.

    For a scratch database: every object is locked, and some are made again.
    """
    found: Variants = {}
    known = [first]
    connection.execute(text("SELECT set_config('search_path', '', true)"))
    for _ in range(ROUNDS):
        for statement in list(_statements(connection, schemas)):
            connection.exec_driver_sql(statement.replace("%", "%%"))
        known.append(catalog.snapshot(connection, schemas))
        if known[-1] == known[-2]:
            break
    connection.rollback()
    for kind in KINDS:
        for name, was in first[kind].items():
            others = {s[kind].get(name, was) for s in known[1:]} - {was}
            if others:
                found.setdefault(kind, {})[name] = sorted(others)
    return found


def _statements(connection: Connection, schemas: Sequence[str]) -> Iterator[str]:
    for query in AGAIN:
        yield from connection.scalars(text(query), {"schemas": list(schemas)})
