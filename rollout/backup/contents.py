"""What is in the database, counted and hashed in the snapshot that pg_dump saves."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from rollout.backup.manifest import SavedTable
from rollout.commands.target import Target
from rollout.errors import RolloutError
from rollout.running.blockers import BLOCKERS
from rollout.sqlstate import LOCK_NOT_AVAILABLE, sqlstate
from rollout.sqltext import literal, verbatim

TRIES = 5
UNDEFINED_TABLE = "42P01"
SCHEMAS = text("""
    SELECT nspname FROM pg_catalog.pg_namespace
    WHERE nspname = ANY (CAST(:schemas AS text[])) ORDER BY 1
""")
# Partitions and other children come by themselves; parents hold no rows of their own.
TABLES = text("""
    SELECT n.nspname AS schema, c.relname AS name,
        format('%I.%I', n.nspname, c.relname) AS quoted
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n
        ON n.oid = c.relnamespace
    WHERE n.nspname = ANY (CAST(:schemas AS text[])) AND c.relkind = 'r'
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend AS d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                AND d.deptype = 'e'
        )
    ORDER BY 1, 2
""")
FORMAT = (
    "SET LOCAL search_path = ''; SET LOCAL row_security = off;"
    "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; "
    "SET LOCAL intervalstyle = 'postgres'; SET LOCAL extra_float_digits = 1; "
    "SET LOCAL bytea_output = 'hex'; SET LOCAL lc_monetary = 'C'"
)
"""Under which a row's text is the same on every server."""
# The alias is one that no column can have by chance: a column of that name would win.
TOTALS = (
    'SELECT count(*), coalesce(sum(hashtextextended("rollout row"::text, 0)), 0)'
    ' FROM ONLY {} AS "rollout row"'
)


@dataclass(frozen=True)
class Found:
    """A table to save; ``quoted`` is its name in SQL."""

    schema: str
    name: str
    quoted: str


@dataclass(frozen=True)
class Snapshot:
    """One moment of the database: ``name`` lets pg_dump see the same."""

    name: str
    connection: Connection
    tables: list[Found]


@contextmanager
def snapshot(target: Target, schemas: Sequence[str]) -> Iterator[Snapshot]:
    """Hold one moment of the database for the block.

    Every table is locked before the snapshot is taken, so that none changes its shape
    in between, and pg_dump never waits behind such a change.

    Locks: ACCESS SHARE on every table, as a reader; waits up to lock_wait_s for one
        that is being altered.

    Raises:
        RolloutError: A table stays locked.
    """
    engine = target.engine().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )
    for _ in range(TRIES):
        with target.connect() as connection:
            expected = tables(connection, schemas)
        with engine.connect() as connection:
            if not _lock(target, connection, expected):
                continue
            connection.exec_driver_sql(FORMAT)
            if tables(connection, schemas) != expected:
                continue
            name = connection.scalar(text("SELECT pg_export_snapshot()"))
            yield Snapshot(str(name), connection, expected)
            return
    raise RolloutError(
        f"tables come and go too fast to save them: {TRIES} tries.\n"
        "Nothing was changed, nothing was written.\n"
        "Is a migration running? To see, run: rollout status"
    )


def tables(connection: Connection, schemas: Sequence[str]) -> list[Found]:
    """The tables with rows in ``schemas``, apart from those of extensions."""
    rows = connection.execute(TABLES, {"schemas": list(schemas)})
    return [Found(**row) for row in rows.mappings()]


def _lock(target: Target, connection: Connection, found: Sequence[Found]) -> bool:
    """Lock them all; False if one is gone. Must come first in the transaction."""
    wait_s = target.settings.lock_wait_s
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{wait_s * 1000 or 1:.0f}ms'")
    if not found:
        return True
    names = [table.quoted for table in found]
    only = ", ".join(f"ONLY {name}" for name in names)
    try:
        connection.execute(verbatim(f"LOCK TABLE {only} IN ACCESS SHARE MODE"))
    except DBAPIError as error:
        if sqlstate(error) == UNDEFINED_TABLE:
            return False
        if sqlstate(error) == LOCK_NOT_AVAILABLE:
            raise locked(target, names) from None
        raise
    return True


def locked(target: Target, names: Sequence[str]) -> RolloutError:
    """What to tell people about a table that somebody else keeps locked."""
    with target.connect() as connection:
        holding = {"tables": list(names), "modes": ["AccessExclusiveLock"]}
        rows = connection.execute(BLOCKERS, holding).all()
    seen = "\n".join(
        f"    pid {row.pid}, {row.application or '-'}: {row.query}" for row in rows
    )
    wait_s = target.settings.lock_wait_s
    return RolloutError(
        f"a table could not be read for {wait_s:g} s: it is locked.\n"
        "Nothing was changed, nothing was written.\n"
        f"In the way:\n{seen or '    nobody at the last look'}\n"
        "Wait for them (rollout doctor), then run the same command again,\n"
        "or try for longer: -x lock_wait_s=120"
    )


def hashed(held: Snapshot, watch: Callable[[], None]) -> list[SavedTable]:
    """Rows and hash of each table, by the server; reads every row.

    Calls ``watch`` before each table, which may raise.
    """
    saved = []
    for table in held.tables:
        watch()
        query = verbatim(TOTALS.format(table.quoted))
        rows, total = held.connection.execute(query).one()
        saved.append(SavedTable(table.schema, table.name, rows, str(total)))
    return saved


COMPARE = """\
{format};
DO $check$
DECLARE
    saved record;
    found_rows bigint;
    found_hash numeric;
    wrong text[];
BEGIN
    FOR saved IN SELECT * FROM (VALUES
        {values}
    ) AS v (schema_name, table_name, row_count, row_hash) LOOP
        EXECUTE replace({totals}, '{{}}',
            format('%I.%I', saved.schema_name, saved.table_name))
            INTO found_rows, found_hash;
        IF found_rows <> saved.row_count THEN
            wrong := wrong || format('%s.%s: %s rows were saved, %s restored',
                saved.schema_name, saved.table_name, saved.row_count, found_rows);
        ELSIF found_hash <> saved.row_hash THEN
            wrong := wrong || format('%s.%s: the number of rows is right, what is in '
                'them is not', saved.schema_name, saved.table_name);
        END IF;
    END LOOP;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'differs: %', array_to_string(wrong, '; ');
    END IF;
END
$check$;
"""


def comparison(saved: Sequence[SavedTable]) -> str:
    """SQL that fails if the tables are not as they were saved."""
    if not saved:
        return ""
    values = ",\n        ".join(
        f"({literal(t.schema)}, {literal(t.name)}, {t.rows}::bigint, {t.hash}::numeric)"
        for t in saved
    )
    return COMPARE.format(format=FORMAT, values=values, totals=literal(TOTALS))
