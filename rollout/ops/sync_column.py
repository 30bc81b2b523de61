"""Keep one column in step with another while the application writes."""

from rollout.ops.lock_tables import lock_tables
from rollout.ops.sql import run_sql
from rollout.ops.sync_trigger import (
    CLOSE,
    FUNCTION,
    make_triggers,
    reject_statements,
    sync_names,
)

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
        {positional}
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
# An INSERT that names no columns gives its value to the one that now stands in the
# place: whoever names columns gives none to that, or the two agree, as in a restore.
POSITIONAL = """
        IF TG_OP = 'INSERT' AND NEW.{column} IS NOT NULL THEN
            again := (SELECT {back} FROM (SELECT NEW.{column} AS {called}) AS t);
            IF again::text IS DISTINCT FROM NEW.{follows}::text THEN
                NEW.{follows} := again;
                RETURN NEW;
            END IF;
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
        back: The inverse. With it, a value that would not come back is a reject too,
            and one that an INSERT gives to ``column`` alone is taken from there; if it
            does not fit ``follows``, the INSERT fails, as if it had named the columns.

    Locks: SHARE ROW EXCLUSIVE on ``table`` for a moment, taken without queueing.
    """
    names = sync_names(table, called, key)
    names |= {"column": column, "follows": follows, "called": called, "using": using}
    names |= {"back": back or ""}
    names |= reject_statements(
        names, "pg_catalog.jsonb_build_object({value}, NEW.{follows})"
    )
    names["verify"] = VERIFY.format(**names) if back else ""
    names["positional"] = POSITIONAL.format(**names) if back else ""
    lock_tables(table, mode="SHARE ROW EXCLUSIVE")
    body = COLUMN.format(**names)
    run_sql(FUNCTION.format(body=body, function=names["function"]))
    run_sql(CLOSE.format(**names))
    make_triggers(names, COLUMN_TRIGGERS)
