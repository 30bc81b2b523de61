"""The schemas ``migrations`` and ``parked``: what the layer keeps for itself.

Neither is reachable for API roles: nobody but their owner has USAGE on them.
Columns of schema_versions and migration_locks as in the HomeOps strategy, "Migration
Metadata Schema".
"""

import re
from collections.abc import Iterator

from sqlalchemy import Connection, text

from rollout.sqltext import literal, verbatim

SCHEMA = "migrations"
PARKED = "parked"
VERSION_TABLE = "alembic_version"
"""Where Alembic keeps its place; a second history names its own in alembic.ini."""

OTHERS = """
    SELECT c.relname::text FROM pg_catalog.pg_class AS c
    WHERE c.relnamespace = to_regnamespace('migrations') AND c.relkind = 'r'
        AND ARRAY['version_num'::name] = (
            SELECT array_agg(a.attname) FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        )
"""
"""The version tables of all histories that a database carries: one column each."""

STATEMENTS = (
    "CREATE SCHEMA IF NOT EXISTS migrations",
    "CREATE SCHEMA IF NOT EXISTS parked",
    "REVOKE ALL ON SCHEMA migrations FROM PUBLIC",
    "REVOKE ALL ON SCHEMA parked FROM PUBLIC",
    """\
CREATE TABLE IF NOT EXISTS migrations.schema_versions (
    id SERIAL,
    version VARCHAR(50) NOT NULL,
    description TEXT NOT NULL,
    migration_file VARCHAR(255) NOT NULL,
    rollback_file VARCHAR(255),
    applied_at TIMESTAMPTZ DEFAULT now(),
    applied_by VARCHAR(255) DEFAULT current_user,
    execution_time_ms INTEGER,
    checksum VARCHAR(64),
    status VARCHAR(20) DEFAULT 'applied',
    CONSTRAINT schema_versions_pkey PRIMARY KEY (id),
    CONSTRAINT schema_versions_version_key UNIQUE (version),
    CONSTRAINT schema_versions_status_check
        CHECK (status IN ('applied', 'rolled_back', 'failed'))
)""",
    """\
CREATE TABLE IF NOT EXISTS migrations.migration_locks (
    id INTEGER DEFAULT 1,
    locked_by VARCHAR(255),
    locked_at TIMESTAMPTZ,
    lock_reason TEXT,
    CONSTRAINT migration_locks_pkey PRIMARY KEY (id),
    CONSTRAINT only_one_lock CHECK (id = 1)
)""",
    """\
CREATE TABLE IF NOT EXISTS migrations.backfill_rejects (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    revision TEXT NOT NULL,
    source_table TEXT NOT NULL,
    source_id TEXT,
    reason TEXT NOT NULL,
    row_data JSONB,
    rejected_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT backfill_rejects_pkey PRIMARY KEY (id),
    CONSTRAINT backfill_rejects_source_key
        UNIQUE (revision, source_table, source_id)
)""",
    # Rows that only somebody's lock kept back: triggers try them again.
    """\
-- The table was made just above.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX IF NOT EXISTS backfill_rejects_busy
    ON migrations.backfill_rejects (source_id) WHERE reason LIKE 'busy:%'""",
    """\
CREATE TABLE IF NOT EXISTS migrations.unfinished (
    revision TEXT NOT NULL,
    direction TEXT NOT NULL,
    since TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT unfinished_pkey PRIMARY KEY (revision),
    CONSTRAINT unfinished_direction_check CHECK (direction IN ('upgrade', 'downgrade'))
)""",
    """\
CREATE TABLE IF NOT EXISTS migrations.backfill_progress (
    revision TEXT NOT NULL,
    name TEXT NOT NULL,
    range_no INTEGER NOT NULL,
    keys TEXT[] NOT NULL,
    row_count INTEGER NOT NULL,
    rows_done INTEGER NOT NULL DEFAULT 0,
    done BOOLEAN NOT NULL DEFAULT false,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT backfill_progress_pkey PRIMARY KEY (revision, name, range_no)
)""",
    # Lists of random keys do not compress; trying takes longer than writing them.
    """\
ALTER TABLE migrations.backfill_progress ALTER COLUMN keys SET STORAGE EXTERNAL""",
)
"""Every statement can be repeated."""

TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS migrations\.(\w+) \((.*)\)", re.DOTALL)
COLUMNS = {
    f"{table[1]}.{column}"
    for table in filter(None, map(TABLE.search, STATEMENTS))
    for column in re.findall(r"^    ([a-z_]+) ", table[2], re.MULTILINE)
}
"""Every ``table.column`` that they make."""

WHOLE = text("""
    SELECT to_regnamespace('parked') IS NOT NULL AND count(*) = cardinality(:tables)
    FROM pg_catalog.pg_class
    WHERE relnamespace = to_regnamespace('migrations') AND relname = ANY (:tables)
""")


def ensure(connection: Connection) -> None:
    """Create what is missing and commit. The caller holds the runner lock.

    Locks: none on tables in use.
    """
    tables = sorted({name.partition(".")[0] for name in COLUMNS})
    if not connection.scalar(WHOLE, {"tables": tables}):
        for statement in STATEMENTS:
            connection.execute(verbatim(statement))
    connection.commit()


def script(
    starting_revision: str | None, version_table: str = VERSION_TABLE
) -> Iterator[str]:
    """The head of a ``--sql`` script: settings, the same tables, where it starts.

    Run on a database that stands elsewhere, or that carries another history, the
    script stops and changes nothing.
    """
    yield "-- psql -v ON_ERROR_STOP=1 -f this-file; the journal's rows are in it."
    yield "SET client_min_messages = warning;"
    yield "SET statement_timeout = 0;"
    yield "SET standard_conforming_strings = on;"
    yield "SET lock_timeout = '10ms';  -- nobody may queue behind us for longer"
    for statement in STATEMENTS:
        yield f"{statement};"
    names = {"table": version_table, "name": literal(version_table)}
    yield START.format(start=literal(starting_revision), others=OTHERS, **names)


START = """\
DO $start$
DECLARE
    standing text;
    other text;
BEGIN
    SELECT string_agg(name, ', ') INTO other
    FROM ({others}) AS found (name) WHERE name <> {name};
    IF other IS NOT NULL THEN
        RAISE EXCEPTION 'this database carries another history (migrations.%)', other
            USING HINT = 'Nothing was changed. Two histories do not share a journal: '
                'run this script on a database of its own.';
    END IF;
    IF to_regclass('migrations.{table}') IS NOT NULL THEN
        standing := (
            SELECT string_agg(version_num, ', ') FROM migrations.{table}
        );
    END IF;
    IF standing IS DISTINCT FROM {start} THEN
        RAISE EXCEPTION 'this script starts at %, but the database is at %',
            coalesce({start}, 'base'), coalesce(standing, 'base')
            USING HINT = 'Nothing was changed. Print one that starts there: '
                'alembic upgrade FROM:TO --sql';
    END IF;
    IF {start} IS NULL THEN
        DROP TABLE IF EXISTS migrations.{table};  -- empty; made again below
    END IF;
END
$start$;"""
