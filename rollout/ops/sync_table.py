"""Keep one table in step with another while the application writes."""

from rollout.ops.found import execute_found
from rollout.ops.lock_tables import lock_tables
from rollout.ops.sql import run_sql
from rollout.ops.sync_trigger import (
    CLOSE,
    FUNCTION,
    make_triggers,
    reject_statements,
    sync_names,
)
from rollout.sqltext import literal

# The columns are those that both tables have; what is in angle brackets is filled in by
# COMMON from the catalog. An UPDATE is tried as one: ON CONFLICT locks the row as if
# its keys changed, and so waits for whoever has inserted a row that refers to it.
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
        ELSIF TG_OP = 'UPDATE' AND NEW.{key}::text <> OLD.{key}::text THEN
            DELETE FROM {target} WHERE {key} = OLD.{key};
        END IF;
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                <update> {target} <set> WHERE {key} = NEW.{key};
                IF FOUND THEN
                    RETURN NULL;
                END IF;
            END IF;
            INSERT INTO {target} (<columns>) OVERRIDING SYSTEM VALUE VALUES (<new>)
            ON CONFLICT ({key}) DO <excluded>;
        EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
            DELETE FROM {target} WHERE {key} = NEW.{key};
            {keep}
        END;
        RETURN NULL;
    END
"""
# An identity GENERATED ALWAYS can be inserted, not updated.
COMMON = """
    SELECT replace(replace(replace(replace(replace({statement},
        '<columns>', string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)),
        '<new>', string_agg('NEW.' || quote_ident(a.attname), ', ' ORDER BY a.attnum)),
        '<update>', CASE WHEN count(u.name) > 0 THEN 'UPDATE' ELSE 'PERFORM FROM' END),
        '<set>', coalesce('SET ' || string_agg(format('%1$s = NEW.%1$s', u.name), ', '
            ORDER BY a.attnum) FILTER (WHERE u.name IS NOT NULL), '')),
        '<excluded>', coalesce('UPDATE SET ' || string_agg(
            format('%1$s = EXCLUDED.%1$s', u.name), ', ' ORDER BY a.attnum)
            FILTER (WHERE u.name IS NOT NULL), 'NOTHING'))
    FROM pg_catalog.pg_attribute AS a
    JOIN pg_catalog.pg_attribute AS b
        ON b.attrelid = {target_literal}::regclass AND b.attname = a.attname
    CROSS JOIN LATERAL (
        SELECT CASE WHEN a.attname <> {key_literal} AND 'a' NOT IN (a.attidentity,
            b.attidentity) THEN quote_ident(a.attname) END AS name
    ) AS u
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
    execute_found(common_columns(function, table, target, key))
    run_sql(CLOSE.format(**names))
    make_triggers(names, TABLE_TRIGGERS)


def common_columns(statement: str, table: str, target: str, key: str) -> str:
    """A query for ``statement`` with what is in angle brackets filled in."""
    return COMMON.format(
        statement=literal(statement),
        table_literal=literal(table),
        target_literal=literal(target),
        key_literal=literal(key),
    )
