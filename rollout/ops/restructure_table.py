"""Give a table in use a new structure, in a second table that takes its place."""

from collections.abc import Sequence

from rollout.errors import RolloutError
from rollout.ops.backfill import backfill
from rollout.ops.column_swap import has_column
from rollout.ops.found import execute_found, lock_found
from rollout.ops.park_table import exists
from rollout.ops.rejects import refuse_rejects
from rollout.ops.server_functions import drop_functions, make_functions
from rollout.ops.sql import is_offline, run_sql
from rollout.ops.sync_table import common_columns, sync_table
from rollout.ops.table_swap import (
    BUILD,
    FOLLOWING,
    FUNCTIONS,
    LOCKED,
    Names,
    join,
    swap,
)

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
UNFINISHED = """\
{table}_old is there: {table} was restructured before, and not for good.
Nothing was changed.
To give up the way back, let a revision before this one call
    finish_restructure("{table}")"""
AT_ONCE = "'constraint', 'index', 'key to others'"
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

    Locks: SHARE ROW EXCLUSIVE on ``table``, on tables that a foreign key joins it to
        and those whose policies read it, twice, and ACCESS EXCLUSIVE on them at the
        end, each for a moment and taken without queueing; KEY SHARE on the rows of one
        batch.

    Raises:
        RolloutError: A row does not fit, or something depends on the table that would
            stay with the old one. What the application sees has not changed then.

    Source: HomeOps strategy, "Table Restructuring".
    """
    names = Names(table, "new", key)
    added = [column.split()[0] for column in add_columns]
    if not is_offline() and exists(names.old):
        if not all(has_column(table, column) for column in added):
            raise RolloutError(names.text(UNFINISHED))
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
    _carry(names, added)
    refuse_rejects(table, f"rows of {table}")
    join(names)
    swap(names, names.old)
    sync_table(table, names.old, called=FOLLOWING, key=key)
    names.run("DROP FUNCTION IF EXISTS {carry}")
    names.run("DROP TABLE IF EXISTS {parked}")
    drop_functions(*FUNCTIONS)


def _carry(names: Names, added: Sequence[str]) -> None:
    """Carry the rows over, and what an earlier revert has parked of them."""
    table, key = names.all["table"], names.all["key"]
    values = ", ".join(f"{column} = p.{column}" for column in added)
    restore = names.text(RESTORE, added=values) if added else "NULL;"
    carry = names.text(CARRY, restore=restore.strip())
    execute_found(common_columns(carry, table, names.next, key))
    backfill(
        f"filling {names.next}",
        source=table,
        key=key,
        statement=names.text("SELECT {carry}(:keys)"),
        reject_row="to_jsonb(source)",
    )
