"""Keep one column, or one table, in step with another while the application writes."""

from rollout.ops.found import execute_found
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
COLUMN = """
    DECLARE
        again {table}.{follows}%TYPE;
    BEGIN
        IF TG_OP = 'DELETE' THEN
            {forget}
            RETURN OLD;
        ELSIF TG_ARGV[0] = 'fill' THEN
            NEW := OLD;  -- what the application's triggers did to the row is undone
        ELSIF TG_OP = 'UPDATE'
            AND NEW.{follows}::text IS NOT DISTINCT FROM OLD.{follows}::text
            AND NEW.{key} = OLD.{key}
        THEN
            RETURN NEW;
        END IF;
        IF TG_OP = 'UPDATE' THEN
            {forget}
        END IF;
        BEGIN
            NEW.{column} := (
                SELECT {using} FROM (SELECT NEW.{follows} AS {called}) AS t
            );
            {verify}
        EXCEPTION WHEN OTHERS THEN
            NEW.{column} := NULL;
            {keep}
        END;
        RETURN NEW;
    END
"""
VERIFY = """
            again := (SELECT {back} FROM (SELECT NEW.{column} AS {called}) AS t);
            IF again::text IS DISTINCT FROM NEW.{follows}::text THEN
                RAISE data_exception USING
                    MESSAGE = format('%s would come back as %s', NEW.{follows}, again);
            END IF;
"""
# PostgreSQL fires triggers in the order of their names: these come last, and see what
# the application's own have made of the row.
COLUMN_TRIGGERS = (
    "CREATE OR REPLACE TRIGGER {trigger}_a BEFORE INSERT OR UPDATE OR DELETE "
    "ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()",
    "CREATE OR REPLACE TRIGGER {trigger}_b BEFORE UPDATE OF {column} ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION {function}('fill')",
)
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
# A trigger fires whoever may execute its function, so nobody needs to be able to.
CLOSE = "REVOKE ALL ON FUNCTION {function}() FROM PUBLIC"
TABLE_TRIGGERS = (
    "CREATE OR REPLACE TRIGGER {trigger}_a AFTER INSERT OR UPDATE OR DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION {function}()",
    "CREATE OR REPLACE TRIGGER {trigger}_b AFTER TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
)


def sync_column(
    table: str,
    column: str,
    *,
    follows: str,
    using: str,
    called: str,
    key: str,
    back: str | None = None,
) -> None:
    """Let ``column`` follow column ``follows`` of the same row, by a trigger.

    A value that ``using`` cannot take never fails the write: ``column`` is NULL then,
    and the row is in migrations.backfill_rejects until a later write mends it. An
    UPDATE that names ``column`` works it out anew and changes nothing else in the row,
    not even updated_at: that is what a backfill does. Can be repeated; the other
    direction replaces this one.

    Args:
        using: SQL expression over the column as ``called``, names written out in full.
        back: The inverse. With it, a value that would not come back is a reject too.

    Locks: SHARE ROW EXCLUSIVE on ``table`` for a moment, taken without queueing.
    """
    names = _names(table, called, key)
    names |= {"column": column, "follows": follows, "called": called, "using": using}
    names |= {"back": back or ""}
    names |= _rejects(names, "pg_catalog.jsonb_build_object({value}, NEW.{follows})")
    names["verify"] = VERIFY.format(**names) if back else ""
    lock_tables(table, mode="SHARE ROW EXCLUSIVE")
    body = COLUMN.format(**names)
    run_sql(FUNCTION.format(body=body, function=names["function"]))
    run_sql(CLOSE.format(**names))
    for trigger in COLUMN_TRIGGERS:
        run_sql(trigger.format(**names))


def sync_table(table: str, target: str, *, called: str, key: str) -> None:
    """Let ``target`` follow every insert, update, delete and TRUNCATE of ``table``.

    In the columns that both have. A row that ``target`` cannot take never fails the
    write: it is missing there, and in migrations.backfill_rejects, until a later write
    mends it. Can be repeated.

    Locks: SHARE ROW EXCLUSIVE on ``table`` for a moment, taken without queueing.
    """
    names = _names(table, called, key) | {"target": target, "source": literal(table)}
    names |= _rejects(names, "pg_catalog.to_jsonb(NEW)")
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


def drop_sync(table: str, called: str) -> None:
    """Drop the triggers and function that let something called so follow. Repeatable.

    Locks: ACCESS EXCLUSIVE on ``table`` for a moment, taken without queueing.
    """
    names = _names(table, called, "")
    lock_tables(table)
    for which in ("a", "b"):
        run_sql(f"DROP TRIGGER IF EXISTS {names['trigger']}_{which} ON {table}")
    run_sql(f"DROP FUNCTION IF EXISTS {names['function']}()")


def _names(table: str, called: str, key: str) -> dict[str, str]:
    schema, short = split_name(table)
    return {
        "table": table,
        "key": key,
        "trigger": f"zzzz_follow_{called}",
        "function": f"migrations.follow_{schema}_{short}_{called}",
        "owner": literal(run.current().revision),
        "source": literal(f"{table}.{called}"),
        "value": literal(called),
    }


def _rejects(names: dict[str, str], row: str) -> dict[str, str]:
    keep = KEEP_REJECT.format(row=row.format(**names), **names).strip()
    return {"keep": keep, "forget": FORGET_REJECT.format(**names).strip()}
