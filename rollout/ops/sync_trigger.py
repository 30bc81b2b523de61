"""What keeps one column, or one table, in step with another: triggers on the first."""

import hashlib

from rollout.ops.lock_tables import lock_tables
from rollout.ops.sql import run_sql
from rollout.running import run
from rollout.sqltext import literal, split_name

# {source} and {owner} name the rejects; see the table migrations.backfill_rejects.
KEEP_REJECT = """
    INSERT INTO migrations.backfill_rejects
        (revision, source_table, source_id, reason, row_data)
    VALUES ({owner}, {source}, NEW.{key}::text, SQLERRM, {row})
    ON CONFLICT (revision, source_table, source_id)
        DO UPDATE SET reason = EXCLUDED.reason, row_data = EXCLUDED.row_data;
"""
FORGET_REJECT = """
    DELETE FROM migrations.backfill_rejects
    WHERE revision = {owner} AND source_table = {source}
        AND source_id = OLD.{key}::text;
"""
FUNCTION = """
    CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $sync${body}$sync$
"""
# ALWAYS: a session_replication_role of replica (imports, logical replication) switches
# other triggers off, and its rows would be missed.
ALWAYS = "ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}_{which}"
# A trigger fires whoever may execute its function, so nobody needs to be able to.
CLOSE = "REVOKE ALL ON FUNCTION {function}() FROM PUBLIC"


def drop_sync(table: str, called: str) -> None:
    """Drop the triggers and function that let something called so follow. Repeatable.

    Locks: ACCESS EXCLUSIVE on ``table`` for a moment, taken without queueing.
    """
    names = sync_names(table, called, "")
    lock_tables(table)
    for which in ("a", "b"):
        run_sql(f"DROP TRIGGER IF EXISTS {names['trigger']}_{which} ON {table}")
    run_sql(f"DROP FUNCTION IF EXISTS {names['function']}()")


def sync_names(table: str, called: str, key: str) -> dict[str, str]:
    """The names that go into triggers, functions and rejects."""
    schema, short = split_name(table)
    # The digest keeps apart what reads the same (order.line_total, order_line.total),
    # or would once PostgreSQL has cut it at 63 bytes.
    digest = hashlib.sha256(f"{table}.{called}".encode()).hexdigest()[:8]
    return {
        "table": table,
        "key": key,
        "trigger": f"zzzz_follow_{called}"
        if len(called) < 50
        else f"zzzz_follow_{called[:40]}_{digest}",
        "function": f"migrations.{f'follow_{schema}_{short}_{called}'[:54]}_{digest}",
        "owner": literal(run.current().revision),
        "source": literal(f"{table}.{called}"),
        "value": literal(called),
    }


def make_triggers(names: dict[str, str], triggers: tuple[str, str]) -> None:
    """Make both triggers, for every session; their function is there."""
    for which, trigger in zip("ab", triggers, strict=True):
        run_sql(trigger.format(**names))
        run_sql(ALWAYS.format(**names, which=which))


def reject_statements(names: dict[str, str], row: str) -> dict[str, str]:
    """How a reject is kept, with ``row`` as its data, and how it is forgotten."""
    keep = KEEP_REJECT.format(row=row.format(**names), **names).strip()
    return {"keep": keep, "forget": FORGET_REJECT.format(**names).strip()}
