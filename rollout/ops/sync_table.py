"""Keep one table in step with another while the application writes."""

from rollout.ops.found import execute_found
from rollout.ops.lock_tables import lock_tables
from rollout.ops.sql import run_sql
from rollout.ops.sync_trigger import CLOSE, FUNCTION, reject_statements, sync_names
from rollout.sqltext import literal

# The columns are those that both tables have: <columns>, <new> and <excluded> stand for
# lists that COMMON fills in from the catalog.
TABLE = """
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            DELETE FROM {target};
            RETURN NULL;
        END IF;
        IF TG_OP <> 'INSERT' THEN
            {forget}
        END IF;
        IF TG_OP = 'DELETE' THEN
            DELETE FROM {target} WHERE {key} = OLD.{key};
            RETURN NULL;
        ELSIF TG_OP = 'UPDATE' AND NEW.{key} <> OLD.{key} THEN
            DELETE FROM {target} WHERE {key} = OLD.{key};
        END IF;
        BEGIN
            INSERT INTO {target} (<columns>) OVERRIDING SYSTEM VALUE VALUES (<new>)
            ON CONFLICT ({key}) DO UPDATE SET <excluded>;
        EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
            DELETE FROM {target} WHERE {key} = NEW.{key};
            {keep}
        END;
        RETURN NULL;
    END
"""
COMMON = """
    SELECT replace(replace(replace({statement},
        '<columns>', string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)),
        '<new>', string_agg('NEW.' || quote_ident(a.attname), ', ' ORDER BY a.attnum)),
        '<excluded>', string_agg(format('%1$I = EXCLUDED.%1$I', a.attname), ', '
            ORDER BY a.attnum))
    FROM pg_catalog.pg_attribute AS a
    JOIN pg_catalog.pg_attribute AS b
        ON b.attrelid = {target_literal}::regclass AND b.attname = a.attname
    WHERE a.attrelid = {table_literal}::regclass AND a.attnum > 0
        AND NOT a.attisdropped AND NOT b.attisdropped
        AND a.attgenerated = '' AND b.attgenerated = ''
"""
TABLE_TRIGGERS = (
    "CREATE OR REPLACE TRIGGER {trigger}_a AFTER INSERT OR UPDATE OR DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION {function}()",
    "CREATE OR REPLACE TRIGGER {trigger}_b AFTER TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
)


def sync_table(table: str, target: str, *, called: str, key: str) -> None:
    """Let ``target`` follow every insert, update, delete and TRUNCATE of ``table``.

    In the columns that both have. A row that ``target`` cannot take never fails the
    write: it is missing there, and in migrations.backfill_rejects, until a later write
    mends it. Can be repeated.

    Locks: SHARE ROW EXCLUSIVE on ``table`` for a moment, taken without queueing.
    """
    names = sync_names(table, called, key) | {
        "target": target,
        "source": literal(table),
    }
    names |= reject_statements(names, "pg_catalog.to_jsonb(NEW)")
    lock_tables(table, mode="SHARE ROW EXCLUSIVE")
    function = FUNCTION.format(body=TABLE.format(**names), function=names["function"])
    execute_found(common_columns(function, table, target))
    run_sql(CLOSE.format(**names))
    for trigger in TABLE_TRIGGERS:
        run_sql(trigger.format(**names))


def common_columns(statement: str, table: str, target: str) -> str:
    """A query for ``statement`` with <columns>, <new> and <excluded> filled in."""
    return COMMON.format(
        statement=literal(statement),
        table_literal=literal(table),
        target_literal=literal(target),
    )
