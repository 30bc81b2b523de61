"""Drop columns of a table in use, keep what is in them, and bring them back."""

import time

from alembic import op

from rollout.backfill.worker import with_keys
from rollout.bookkeeping import PARKED
from rollout.ops.autocommit import autocommit
from rollout.ops.backfill import backfill
from rollout.ops.lock_tables import lock_tables
from rollout.ops.park_table import exists
from rollout.ops.parked_copy import make_parked_copy
from rollout.ops.sql import bind, is_offline, run_sql, scalar
from rollout.running import run
from rollout.running.blockers import in_the_way
from rollout.running.locks import LockWaitTimeout
from rollout.sqltext import literal, plain, split_name

FOLLOW = """
    CREATE OR REPLACE FUNCTION {parked}_follow() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $follow$
    BEGIN
        INSERT INTO {parked} ({key}, {columns}) VALUES (NEW.{key}, {new})
        ON CONFLICT ({key}) DO UPDATE SET {excluded};
        RETURN NULL;
    END
    $follow$
"""
TRIGGER = """
    CREATE OR REPLACE TRIGGER {name}_follow AFTER INSERT OR UPDATE OF {key}, {columns}
    ON {table} FOR EACH ROW EXECUTE FUNCTION {parked}_follow()
"""
# Imports under session_replication_role = replica count, too.
ALWAYS = "ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}_follow"
COPY = """
    INSERT INTO {parked} ({key}, {columns})
    SELECT {key}, {columns} FROM {table}
    WHERE {key} = ANY (:keys) AND ({columns}) IS DISTINCT FROM ({defaults})
    ON CONFLICT DO NOTHING
"""
# Only rows that nobody else is writing; the others are found by the next round. Values
# written since the columns came back win over the parked ones.
# gone: deleted by an import that fires no triggers, so that no foreign key saw it.
FILL = """
    WITH free AS (
        SELECT t.{key} FROM {table} AS t
        WHERE t.{key} = ANY (:keys)
            AND EXISTS (SELECT FROM {parked} AS p WHERE p.{key} = t.{key})
        FOR NO KEY UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM {parked} AS p WHERE p.{key} = ANY (:keys)
            AND NOT EXISTS (SELECT FROM {table} AS t WHERE t.{key} = p.{key})
    ), moved AS (
        DELETE FROM {parked} AS p USING free WHERE p.{key} = free.{key} RETURNING p.*
    )
    UPDATE {table} AS t SET {moved} FROM moved
    WHERE t.{key} = moved.{key} AND ({own}) IS NOT DISTINCT FROM ({defaults})
"""
OFFLINE_FILL = """\
-- Online, rounds are resumable, shown as they go, and give up with the blockers' names.
DO $restore$
DECLARE
    first_key {table}.{key}%TYPE;
    last_key {table}.{key}%TYPE;
BEGIN
    IF to_regclass({parked_literal}) IS NULL THEN
        RETURN;
    END IF;
    LOOP
        first_key := (SELECT {key} FROM {parked} ORDER BY {key} LIMIT 1);
        EXIT WHEN first_key IS NULL;
        last_key := (
            SELECT k FROM (
                SELECT {key} AS k FROM {parked} ORDER BY {key} LIMIT 1000
            ) AS batch ORDER BY k DESC LIMIT 1
        );
        {fill};
        COMMIT;
        IF EXISTS (SELECT FROM {parked} WHERE {key} <= last_key) THEN
            PERFORM pg_sleep(0.05);
        END IF;
    END LOOP;
END
$restore$"""
ROUND_PAUSE_S = 0.05


class _Names:
    """The names that go into the statements above."""

    def __init__(self, table: str, defaults: dict[str, str], key: str) -> None:
        _, short = split_name(table)
        suffix = f"__{run.current().revision}"
        name = plain(short, f"{suffix}_follow") + suffix
        columns = list(defaults)
        self.all = {
            "table": table,
            "name": name,
            "key": key,
            "parked": f"{PARKED}.{name}",
            "parked_literal": literal(f"{PARKED}.{name}"),
            "columns": ", ".join(columns),
            "defaults": ", ".join(defaults.values()),
            "new": ", ".join(f"NEW.{c}" for c in columns),
            "own": ", ".join(f"t.{c}" for c in columns),
            "moved": ", ".join(f"{c} = moved.{c}" for c in columns),
            "excluded": ", ".join(f"{c} = EXCLUDED.{c}" for c in columns),
        }
        self.parked = self.all["parked"]

    def fill(self, template: str) -> str:
        return template.format(**self.all)


def park_columns(table: str, defaults: dict[str, str], *, key: str = "id") -> None:
    """Drop columns; what is not default goes to ``parked.<table>__<revision>``.

    The copy is made in batches while the application writes on (a trigger follows it),
    and only then are the columns dropped. A deleted row disappears from ``parked`` too.
    Can be repeated; drop indexes on the columns first, concurrently. What an operator
    set on them by hand (statistics target, n_distinct, storage) goes with them: the
    columns that come back are the revision's.

    Args:
        defaults: Column names and their defaults as SQL: ``{"version": "1"}``.
        key: The table's primary key, one column.

    Locks: SHARE ROW EXCLUSIVE on ``table`` for a moment (trigger and foreign key), KEY
        SHARE on the rows of one batch, ACCESS EXCLUSIVE for a moment at the end: none
        grows with the table. Tables are locked without queueing.
    Source: design, "Nothing is lost on the way down".
    """
    names = _Names(table, defaults, key)
    lock_tables(table, mode="SHARE ROW EXCLUSIVE")
    make_parked_copy(table, names.all["name"], key, names.all["columns"])
    for template in (FOLLOW, TRIGGER, ALWAYS):
        run_sql(names.fill(template))
    backfill(
        f"parking columns of {table}", source=table, key=key, statement=names.fill(COPY)
    )
    lock_tables(table)
    run_sql(names.fill("DROP TRIGGER {name}_follow ON {table}"))
    drops = ", ".join(f"DROP COLUMN {column}" for column in defaults)
    run_sql(f"ALTER TABLE {table} {drops}")
    run_sql(names.fill("DROP FUNCTION {parked}_follow()"))


def restore_columns(table: str, defaults: dict[str, str], *, key: str = "id") -> None:
    """Bring parked values back into columns that were just added again.

    Values that the application has written meanwhile win. Rows that somebody holds are
    left for a later round, so nobody waits for more than one short batch. Can be
    repeated: a value leaves ``parked`` in the transaction that restores it.

    Locks: FOR NO KEY UPDATE on the rows of one batch, never waited for; ACCESS
        EXCLUSIVE on ``table`` for a moment at the end, when the parked table and its
        foreign key are dropped.
    """
    names = _Names(table, defaults, key)
    if is_offline():
        _print_restore(table, names, key)
        return
    if not exists(names.parked):
        return
    _fill_in_rounds(table, names, key)
    lock_tables(table, names.parked)
    op.execute(f"DROP TABLE {names.parked}")


def _fill_in_rounds(table: str, names: _Names, key: str) -> None:
    left = names.fill("SELECT EXISTS (SELECT FROM {parked})")
    rounds, started = 0, time.monotonic()
    while scalar(left):
        rounds += 1
        backfill(
            f"restoring columns of {table}", source=names.parked, key=key,
            statement=names.fill(FILL), again=rounds > 1,
        )  # fmt: skip
        waited_s = time.monotonic() - started
        if scalar(left) and waited_s > run.current().settings.lock_wait_s:
            blockers = in_the_way(bind(), (table,), "SHARE ROW EXCLUSIVE")
            raise LockWaitTimeout((table,), "rows", rounds, waited_s, blockers)
        time.sleep(ROUND_PAUSE_S * (rounds > 1))


def _print_restore(table: str, names: _Names, key: str) -> None:
    keys = "SELECT {key} FROM {parked} WHERE {key} BETWEEN first_key AND last_key"
    fill = with_keys(names.fill(FILL).strip(), f"ARRAY({names.fill(keys)})")
    with autocommit():
        run_sql(OFFLINE_FILL.format(**names.all, fill=fill))
    lock_tables(table)
    op.execute(f"DROP TABLE IF EXISTS {names.parked}")
