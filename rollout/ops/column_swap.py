"""The steps that changing a column's type and going back share."""

import hashlib

from sqlalchemy.exc import DBAPIError

from rollout.bookkeeping import PARKED
from rollout.errors import RolloutError
from rollout.ops.autocommit import autocommit
from rollout.ops.backfill import backfill
from rollout.ops.found import execute_found, lock_found
from rollout.ops.lock_tables import lock_tables
from rollout.ops.rejects import refuse_rejects
from rollout.ops.sql import run_sql, scalar
from rollout.running import run
from rollout.sqltext import literal, plain, split_name

FUNCTIONS = (
    "spare_name",
    "sequence_rights",
    "foreign_key_text",
    "column_options",
    "refuse_column",
    "column_objects",
    "swap_column",
)

OBJECTS = "migrations.column_objects({tbl}, {col}, {other})"
UNFINISHED = """\
{table}.{old} is there: {column} has changed its type before, and not for good.
Nothing was changed.
To give up the way back, let a revision before this one call
    finish_column_type("{table}", "{column}")"""
FILL = """
    UPDATE {table} SET {other} = {other}
    WHERE {key} = ANY (:keys) AND {other} IS NULL AND {column} IS NOT NULL
"""
TABLES = """
    WITH o AS MATERIALIZED (SELECT * FROM {objects})
    SELECT {tbl}::text UNION SELECT owner::text FROM o
    UNION SELECT k.confrelid::regclass::text FROM o JOIN pg_catalog.pg_constraint AS k
        ON k.conrelid = o.owner AND k.conname = o.name AND k.contype = 'f'
    UNION SELECT p.polrelid::regclass::text FROM pg_catalog.pg_policy AS p
        JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_policy'::regclass
            AND d.objid = p.oid
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid
            AND a.attnum = d.refobjsubid
        WHERE d.refobjid = {tbl} AND a.attname = {col_literal}
"""
CONSTRAIN = """
    SELECT definition FROM {objects} AS o WHERE kind <> 'index' AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_constraint AS k
        WHERE k.conrelid = o.owner AND k.conname = o.spare
    )
"""
# Keys wait for the unique index that they refer to, so they come after the indexes.
NO_KEYS, KEYS = " AND kind <> 'foreign key'", " AND kind = 'foreign key'"
VALIDATE = """
    SELECT format('ALTER TABLE %s VALIDATE CONSTRAINT %I', owner, spare) FROM {objects}
    WHERE kind <> 'index'
"""
DROP_INVALID = """
    SELECT format('DROP INDEX CONCURRENTLY %s', i.indexrelid::regclass)
    FROM {objects} AS o JOIN pg_catalog.pg_index AS i ON i.indrelid = o.owner
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid AND c.relname = o.spare
    WHERE o.kind = 'index' AND NOT i.indisvalid
"""
BUILD = """
    SELECT definition FROM {objects} AS o WHERE kind = 'index' AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
        WHERE i.indrelid = o.owner AND c.relname = o.spare
    )
"""


# The trigger comes before the row is written, which ON CONFLICT may leave unwritten.
FORGET_STALE = """
    DO $forget$
    DECLARE
        reject record;
        this {table}.{key}%TYPE;
    BEGIN
        FOR reject IN
            SELECT id, source_id FROM migrations.backfill_rejects
            WHERE revision = {revision} AND source_table = {source}
        LOOP
            this := reject.source_id;
            IF NOT EXISTS (
                SELECT FROM {table} WHERE {key} = this
                    AND {column} IS NOT NULL AND {other} IS NULL
            ) THEN
                DELETE FROM migrations.backfill_rejects WHERE id = reject.id;
            END IF;
        END LOOP;
    END
    $forget$
"""


class Names:
    """The names that go into the statements above."""

    def __init__(self, table: str, column: str, other: str, key: str) -> None:
        tbl, parked_name = (
            f"{literal(table)}::regclass",
            f"{plain(split_name(table)[1])}__{plain(column, '_old')}_old",
        )
        here = {"tbl": tbl, "col": literal(column), "other": literal(other)}
        self.all = {
            "table": table,
            "tbl": tbl,
            "column": column,
            "other": other,
            "col_literal": literal(column),
            "other_literal": literal(other),
            "old": f"{column}_old",
            "key": key,
            "objects": OBJECTS.format(**here),
            "parked_name": parked_name,
            "parked": f"{PARKED}.{parked_name}",
        }

    def text(self, template: str) -> str:
        """The statement, or a part of one."""
        return template.format(**self.all)

    def run(self, template: str) -> None:
        """Execute the statement."""
        run_sql(self.text(template))

    def refuse_rejects(self) -> None:
        """Stop while a value of the column does not fit."""
        name = f"{self.all['table']}.{self.all['column']}"
        self.all["source"] = literal(name)
        self.all["revision"] = literal(run.current().revision)
        self.run(FORGET_STALE)
        refuse_rejects(name, f"values of {name}")

    def found(self, template: str) -> None:
        """Execute the statements that the query finds."""
        execute_found(self.text(template))


def has_column(table: str, column: str) -> bool:
    """Whether it is there; only online."""
    return bool(
        scalar(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute "
            "WHERE attrelid = to_regclass(:table) AND attname = :column)",
            table=table,
            column=column,
        )
    )


def refuse_other_type(names: Names, new_type: str) -> None:
    """Stop if the column that stands is another change's, one that was not finished.

    Raises:
        RolloutError: Its type is not ``new_type``, the one that this change gives it.
    """
    run_sql(f"CREATE TEMP TABLE asked_for (asked {new_type})")
    same = scalar(
        "SELECT count(DISTINCT format_type(atttypid, atttypmod)) = 1 "
        "FROM pg_catalog.pg_attribute WHERE (attrelid, attname) IN "
        "((CAST(:table AS regclass), CAST(:column AS name)), "
        "('pg_temp.asked_for'::regclass, 'asked'))",
        table=names.all["table"],
        column=names.all["column"],
    )
    run_sql("DROP TABLE pg_temp.asked_for")
    if not same:
        raise RolloutError(names.text(UNFINISHED))


def fill(names: Names) -> None:
    """Fill the second column in batches; its trigger works the values out."""
    # A changed expression is a changed statement, so that its batches begin anew.
    digest = hashlib.sha256(names.all["using"].encode()).hexdigest()[:8]
    backfill(
        f"filling {names.all['table']}.{names.all['other']}",
        source=names.all["table"],
        key=names.all["key"],
        statement=FILL.format(**names.all).strip() + f" /* {digest} */",
    )


def build(names: Names) -> None:
    """Build beside the column what will stand on it."""
    lock_tables(names.all["table"])
    names.found(CONSTRAIN + NO_KEYS)
    with autocommit():
        names.found(DROP_INVALID)
        try:
            names.found(BUILD)
        except DBAPIError:
            # An invalid unique index would go on refusing the application's rows.
            names.found(DROP_INVALID)
            raise
    lock_found(TABLES.format(**names.all), "SHARE ROW EXCLUSIVE")
    names.found(CONSTRAIN + KEYS)
    with autocommit():
        names.found(VALIDATE)


def swap(names: Names, retired: str, default: str | None) -> None:
    """Let the two columns change names; the one that was there becomes ``retired``."""
    lock_found(TABLES.format(**names.all))
    names.refuse_rejects()
    arguments = f"{{tbl}}, {{col_literal}}, {{other_literal}}, {literal(retired)}"
    names.run(f"SELECT migrations.swap_column({arguments}, {literal(default)})")
