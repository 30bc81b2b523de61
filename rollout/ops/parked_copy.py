"""A table in schema parked that keeps columns of a table in use, by its key."""

from rollout.bookkeeping import PARKED
from rollout.ops.sql import run_sql
from rollout.sqltext import literal

CREATE = """
    CREATE TABLE IF NOT EXISTS {parked} AS
    SELECT {key}, {columns} FROM {table} WITH NO DATA
"""
CONSTRAIN = """
    DO $constrain$
    BEGIN
        IF NOT EXISTS (
            SELECT FROM pg_catalog.pg_constraint
            WHERE conrelid = {parked_literal}::regclass
        ) THEN
            ALTER TABLE {parked}
                ADD CONSTRAINT {name}_pkey PRIMARY KEY ({key}),
                ADD CONSTRAINT {name}_fkey FOREIGN KEY ({key})
                    REFERENCES {table} ({key}) ON UPDATE CASCADE ON DELETE CASCADE;
        END IF;
    END
    $constrain$
"""


def make_parked_copy(table: str, name: str, key: str, columns: str) -> None:
    """Make ``parked.<name>``, without rows. A row deleted here goes there too.

    Can be repeated.

    Args:
        columns: What it keeps beside the key, as in a select list.

    Locks: SHARE ROW EXCLUSIVE on ``table``, for the foreign key; have it already.
    """
    parked = f"{PARKED}.{name}"
    names = {"table": table, "name": name, "key": key, "columns": columns}
    names |= {"parked": parked, "parked_literal": literal(parked)}
    for template in (CREATE, CONSTRAIN):
        run_sql(template.format(**names))
