"""The steps that restructuring a table and going back share."""

from rollout.bookkeeping import PARKED
from rollout.ops.autocommit import autocommit
from rollout.ops.found import execute_found, lock_found
from rollout.ops.rejects import refuse_rejects
from rollout.ops.sql import run_sql
from rollout.sqltext import literal, plain, split_name

FUNCTIONS = (
    "spare_name",
    "sequence_rights",
    "foreign_key_text",
    "column_options",
    "refuse_table",
    "table_objects",
    "swap_table",
)
FOLLOWING = "table"
"""What the trigger is called by; swap_table.sql knows it."""

OBJECTS = "migrations.table_objects({table_literal}, {next_literal})"
# The tables themselves, what a restructuring that was taken back has left, those at the
# other end of a foreign key, and those that have policies which read the table.
LOCKED = """
    SELECT name
    FROM (VALUES ({table_literal}), ({next_literal}), ({parked_literal})) AS own (name)
    WHERE to_regclass(name) IS NOT NULL
    UNION SELECT CASE WHEN conrelid = {table_literal}::regclass THEN confrelid
        ELSE conrelid END::regclass::text
    FROM pg_catalog.pg_constraint
    WHERE contype = 'f' AND {table_literal}::regclass IN (conrelid, confrelid)
    UNION SELECT p.polrelid::regclass::text FROM pg_catalog.pg_policy AS p
        JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_policy'::regclass
            AND d.objid = p.oid
        WHERE d.refobjid = {table_literal}::regclass
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
WITH_ROWS = "'key to itself', 'key of others'"
VALIDATE = """
    SELECT format('ALTER TABLE %s VALIDATE CONSTRAINT %I',
        CASE kind WHEN 'key to itself' THEN {next_literal}::regclass ELSE owner END,
        spare)
    FROM {objects} WHERE kind IN ('key to itself', 'key of others')
"""


class Names:
    """The names that go into the statements above."""

    def __init__(self, table: str, following: str, key: str) -> None:
        schema, short = split_name(table)
        plain(schema), plain(short, "_old")
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
        """The statement, with ``more`` names."""
        return template.format(**self.all, **more)

    def run(self, template: str) -> None:
        """Execute the statement."""
        run_sql(self.text(template))


def join(names: Names) -> None:
    """Let foreign keys refer to the rows, now that they are there."""
    lock_found(names.text(LOCKED), "SHARE ROW EXCLUSIVE")
    execute_found(names.text(BUILD, kinds=WITH_ROWS))
    with autocommit():
        execute_found(names.text(VALIDATE))


def swap(names: Names, retired: str) -> None:
    """Let the two tables change places; the one that was there becomes ``retired``."""
    lock_found(names.text(LOCKED))
    refuse_rejects(names.all["table"], f"rows of {names.all['table']}")
    names.run(
        "SELECT migrations.swap_table({table_literal}, {next_literal}, "
        f"{literal(split_name(retired)[1])})"
    )
