"""Keep one column, or one table, in step with another while the application writes."""

from collections.abc import Sequence

from rollout import run
from rollout.ops.lock_tables import lock_tables
from rollout.ops.sql import run_sql
from rollout.sqltext import literal, split_name

COLUMN = """
    CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $sync$
    DECLARE
        again {table}.{follows}%TYPE;
    BEGIN
        IF TG_ARGV[0] = 'fill' THEN
            NEW := OLD;  -- nothing else: no other trigger may touch the row for it
        ELSIF TG_OP = 'UPDATE'
            AND NEW.{follows}::text IS NOT DISTINCT FROM OLD.{follows}::text
        THEN
            NEW.{column} := OLD.{column};
            RETURN NEW;
        END IF;
        BEGIN
            NEW.{column} := (SELECT {using} FROM (SELECT NEW.{follows} AS {name}) AS t);
            again := (SELECT {back} FROM (SELECT NEW.{column} AS {name}) AS t);
            IF {lossless} AND again::text IS DISTINCT FROM NEW.{follows}::text THEN
                RAISE data_exception USING
                    MESSAGE = format('%s would come back as %s', NEW.{follows}, again);
            END IF;
            IF TG_OP = 'UPDATE' THEN
                DELETE FROM migrations.backfill_rejects
                WHERE revision = {owner} AND source_table = {source}
                    AND source_id = NEW.{key}::text;
            END IF;
        EXCEPTION WHEN OTHERS THEN
            NEW.{column} := NULL;
            INSERT INTO migrations.backfill_rejects
                (revision, source_table, source_id, reason, row_data)
            VALUES ({owner}, {source}, NEW.{key}::text, SQLERRM,
                jsonb_build_object({name_literal}, NEW.{follows}))
            ON CONFLICT (revision, source_table, source_id)
                DO UPDATE SET reason = EXCLUDED.reason, row_data = EXCLUDED.row_data;
        END;
        RETURN NEW;
    END
    $sync$
"""
# Fired in order of name, so after all of the application's.
COLUMN_TRIGGERS = (
    """
    CREATE OR REPLACE TRIGGER {trigger}_a BEFORE INSERT OR UPDATE ON {table}
        FOR EACH ROW EXECUTE FUNCTION {function}()
    """,
    """
    CREATE OR REPLACE TRIGGER {trigger}_b BEFORE UPDATE OF {column} ON {table}
        FOR EACH ROW EXECUTE FUNCTION {function}('fill')
    """,
)
TABLE = """
    CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $sync$
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            DELETE FROM {target};
            RETURN NULL;
        END IF;
        IF TG_OP <> 'INSERT' THEN
            DELETE FROM {target} WHERE {key} = OLD.{key}
                AND (TG_OP = 'DELETE' OR NEW.{key} IS DISTINCT FROM OLD.{key});
        END IF;
        IF TG_OP <> 'DELETE' THEN
            INSERT INTO {target} ({columns}) OVERRIDING SYSTEM VALUE VALUES ({new})
            ON CONFLICT ({key}) DO UPDATE SET {excluded};
        END IF;
        RETURN NULL;
    END
    $sync$
"""
