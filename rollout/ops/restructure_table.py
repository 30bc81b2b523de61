"""Give a table in use a new structure, in a second table that takes its place."""

from collections.abc import Sequence

from rollout.bookkeeping import PARKED
from rollout.ops.autocommit import autocommit
from rollout.ops.backfill import backfill
from rollout.ops.found import execute_found, lock_found
from rollout.ops.lock_tables import lock_tables
from rollout.ops.park_table import exists
from rollout.ops.rejects import forget_rejects, refuse_rejects
from rollout.ops.server_functions import drop_functions, make_functions
from rollout.ops.sql import is_offline, run_sql
from rollout.ops.sync_trigger import common_columns, drop_sync, sync_table
from rollout.sqltext import literal, split_name

FUNCTIONS = (
    "spare_name",
    "foreign_key_text",
    "refuse_table",
    "table_objects",
    "swap_table",
)
FOLLOWING = "table"
"""What the trigger is called by; swap_table.sql knows it."""

CREATE = """
    CREATE TABLE IF NOT EXISTS {next}
        (LIKE {table} INCLUDING ALL EXCLUDING INDEXES EXCLUDING STATISTICS)
"""
# A new table in an API schema is open to whom the default privileges say.
CLOSE = """
    DO $close$
    DECLARE
        who text;
    BEGIN
        ALTER TABLE {next} ENABLE ROW LEVEL SECURITY;
        FOR who IN
            SELECT DISTINCT CASE g.grantee WHEN 0 THEN 'PUBLIC'
                ELSE g.grantee::regrole::text END
            FROM pg_catalog.pg_class AS c, aclexplode(c.relacl) AS g
            WHERE c.oid = {next_literal}::regclass AND g.grantee <> c.relowner
        LOOP
            EXECUTE format('REVOKE ALL ON {next} FROM %s', who);
        END LOOP;
    END
    $close$
"""
OBJECTS = "migrations.table_objects({table_literal}, {next_literal})"
# The tables themselves, and those at the other end of a foreign key.
LOCKED = """
    SELECT name FROM (VALUES ({table_literal}), ({next_literal})) AS own (name)
    WHERE to_regclass(name) IS NOT NULL
    UNION SELECT CASE WHEN conrelid = {table_literal}::regclass THEN confrelid
        ELSE conrelid END::regclass::text
    FROM pg_catalog.pg_constraint
    WHERE contype = 'f' AND {table_literal}::regclass IN (conrelid, confrelid)
"""
BUILD = """
    SELECT definition FROM {objects} AS o
    WHERE kind IN ({kinds}) AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conname = o.spare
            AND k.conrelid = CASE WHEN o.owner = {table_literal}::regclass
                THEN {next_literal}::regclass ELSE o.owner END
    ) AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
        WHERE i.indrelid = {next_literal}::regclass AND c.relname = o.spare
    )
    ORDER BY array_position(ARRAY['constraint', 'index'], kind) NULLS LAST
"""
AT_ONCE = "'constraint', 'index', 'key to others'"
WITH_ROWS = "'key to itself', 'key of others'"
VALIDATE = """
    SELECT format('ALTER TABLE %s VALIDATE CONSTRAINT %I',
        CASE kind WHEN 'key to itself' THEN {next_literal}::regclass ELSE owner END,
        spare)
    FROM {objects} WHERE kind IN ('key to itself', 'key of others')
"""
# FOR KEY SHARE: a row that is being deleted is not carried over after its deletion.
CARRY = """
    CREATE OR REPLACE FUNCTION {carry}(keys anyarray)
    RETURNS void LANGUAGE plpgsql SET search_path = '' AS $carry$
    BEGIN
        INSERT INTO {next} (<columns>) OVERRIDING SYSTEM VALUE
            SELECT <columns> FROM {table} WHERE {key} = ANY (keys)
            FOR KEY SHARE
        ON CONFLICT ({key}) DO NOTHING;
        IF to_regclass({parked_literal}) IS NOT NULL THEN
            {restore}
        END IF;
    END
    $carry$
"""
RESTORE = """
            UPDATE {next} AS n SET {added} FROM {parked} AS p
            WHERE n.{key} = p.{key} AND n.{key} = ANY (keys);
"""
STANDS = """
    DO $stands$
    BEGIN
        IF to_regclass({old_literal}) IS NULL THEN
            RAISE EXCEPTION 'Cannot rollback: backup table not found: %', {old_literal}
                USING HINT = 'It was finished (finish_restructure), or dropped by '
                    'hand. Nothing was changed.';
        END IF;
    END
    $stands$
"""


class _Names:
    """The names that go into the statements above."""

    def __init__(self, table: str, following: str, key: str) -> None:
        schema, short = split_name(table)
        self.old = f"{table}_old"
        self.next = f"{schema}.{short}_{following}"
        self.parked = f"{PARKED}.{short}_new"
        self.all = {
            "table": table,
            "table_literal": literal(table),
            "next": self.next,
            "next_literal": literal(self.next),
            "old_literal": literal(self.old),
            "parked": self.parked,
            "parked_literal": literal(self.parked),
            "carry": f"migrations.carry_{schema}_{short}",
            "key": key,
        }
        self.all["objects"] = OBJECTS.format(**self.all)

    def text(self, template: str, **more: str) -> str:
        return template.format(**self.all, **more)

    def run(self, template: str) -> None:
        run_sql(self.text(template))


def restructure_table(
    table: str, *, add_columns: Sequence[str] = (), key: str = "id"
) -> None:
    """Put a new table in the place of ``table``, with columns added, rows and all.

    ``<table>_new`` is made like it, follows it by a trigger, is filled in batches, and
    then the two change names in one short transaction. Foreign keys in both
    directions, policies, row level security, grants, triggers, views, sequences,
    comments, statistics and publications come along under their names. The old table
    stays as ``<table>_old``, open to its owner only, and follows the new one, so that
    :func:`revert_restructure` loses nothing, until :func:`finish_restructure`.

    Commits between its steps; each can be repeated after a kill. Let it be the last
    operation of its revision. A transaction at REPEATABLE READ that began before the
    batches and deletes a row after them leaves that row in the new table.

    Args:
        add_columns: Column definitions as in SQL: ``"category varchar(100)"``.
        key: The primary key, one column.

    Locks: SHARE ROW EXCLUSIVE on ``table`` and on tables that a foreign key joins it
        to, twice, and ACCESS EXCLUSIVE on them at the end, each for a moment and taken
        without queueing; KEY SHARE on the rows of one batch.

    Raises:
        RolloutError: A row does not fit, or something depends on the table that would
            stay with the old one. What the application sees has not changed then.

    Source: HomeOps strategy, "Table Restructuring".
    """
    names = _Names(table, "new", key)
    if not is_offline() and exists(names.old):
        return
    make_functions(*FUNCTIONS)
    names.run("SELECT migrations.refuse_table({table_literal})")
    lock_found(names.text(LOCKED), "SHARE ROW EXCLUSIVE")
    names.run(CREATE)
    names.run(CLOSE)
    for column in add_columns:
        run_sql(f"ALTER TABLE {names.next} ADD COLUMN IF NOT EXISTS {column}")
    execute_found(names.text(BUILD, kinds=AT_ONCE))
    sync_table(table, names.next, called=FOLLOWING, key=key)
    _carry(names, [column.split()[0] for column in add_columns])
    refuse_rejects(table, f"rows of {table}")
    _join(names)
    _swap(names, names.old)
    sync_table(table, names.old, called=FOLLOWING, key=key)
    names.run("DROP FUNCTION IF EXISTS {carry}")
    names.run("DROP TABLE IF EXISTS {parked}")
    drop_functions(*FUNCTIONS)


def revert_restructure(table: str, *, key: str = "id") -> None:
    """Put ``<table>_old`` back in its place, with what was written meanwhile.

    The values of the added columns go to ``parked.<table>_new``; the next
    :func:`restructure_table` brings them back. Of a restructuring that was interrupted
    and abandoned, the new table is dropped; the old one never left its place.

    Locks: as :func:`restructure_table`, without the batches.

    Raises:
        RolloutError: There is no ``<table>_old``, or a row written since does not fit
            it. Nothing is changed.

    Source: HomeOps strategy, "Complex Rollbacks".
    """
    if not is_offline() and not exists(f"{table}_old") and exists(f"{table}_new"):
        _give_up(_Names(table, "new", key))
        return
    names = _Names(table, "old", key)
    names.run(STANDS)
    refuse_rejects(table, f"rows of {table}")
    make_functions(*FUNCTIONS)
    names.run("SELECT migrations.refuse_table({table_literal})")
    _join(names)
    retired = f"{table}_new"
    _swap(names, retired)
    drop_sync(table, FOLLOWING)
    run_sql(f"ALTER TABLE {retired} SET SCHEMA {PARKED}")
    drop_functions(*FUNCTIONS)


def _give_up(names: _Names) -> None:
    """Take away the table that an interrupted restructuring had begun to fill."""
    table = names.all["table"]
    lock_found(names.text(LOCKED))
    drop_sync(table, FOLLOWING)
    # CASCADE: foreign keys of other tables that were built for the new one.
    names.run("DROP TABLE {next} CASCADE")
    names.run("DROP FUNCTION IF EXISTS {carry}")
    forget_rejects(table)
    drop_functions(*FUNCTIONS)


def finish_restructure(table: str) -> None:
    """Park ``<table>_old``; from here on there is no way back. Can be repeated.

    Locks: ACCESS EXCLUSIVE on both tables, for a moment, taken without queueing.
    """
    old = f"{table}_old"
    if not is_offline() and not exists(old):
        return
    lock_tables(table, old)
    drop_sync(table, FOLLOWING)
    run_sql(f"ALTER TABLE {old} SET SCHEMA {PARKED}")


def _carry(names: _Names, added: Sequence[str]) -> None:
    """Carry the rows over, and what an earlier revert has parked of them."""
    table, key = names.all["table"], names.all["key"]
    values = ", ".join(f"{column} = p.{column}" for column in added)
    restore = names.text(RESTORE, added=values) if added else "NULL;"
    carry = names.text(CARRY, restore=restore.strip())
    execute_found(common_columns(carry, table, names.next))
    backfill(
        f"filling {names.next}",
        source=table,
        key=key,
        statement=names.text("SELECT {carry}(:keys)"),
        reject_row="to_jsonb(source)",
    )


def _join(names: _Names) -> None:
    """Let foreign keys refer to the rows, now that they are there."""
    lock_found(names.text(LOCKED), "SHARE ROW EXCLUSIVE")
    execute_found(names.text(BUILD, kinds=WITH_ROWS))
    with autocommit():
        execute_found(names.text(VALIDATE))


def _swap(names: _Names, retired: str) -> None:
    lock_found(names.text(LOCKED))
    refuse_rejects(names.all["table"], f"rows of {names.all['table']}")
    names.run(
        "SELECT migrations.swap_table({table_literal}, {next_literal}, "
        f"{literal(split_name(retired)[1])})"
    )
