"""SQL functions that an operation needs on the server while its revision runs."""

from pathlib import Path

from rollout.ops.sql import run_sql

ARGUMENTS = {
    "spare_name": "name",
    "sequence_rights": "regclass",
    "foreign_key_text": "oid, regclass, regclass, name, name",
    "column_options": "regclass, name, boolean",
    "refuse_column": "regclass, name",
    "column_objects": "regclass, name, name",
    "swap_column": "regclass, name, name, name, text",
    "refuse_table": "regclass",
    "table_objects": "regclass, regclass",
    "swap_table": "regclass, regclass, name",
}
"""Each is in schema migrations, from the file of its name beside this one."""


def make_functions(*names: str) -> None:
    """Make them, those that others need first.

    Locks: none on tables in use.
    """
    for name in names:
        file = Path(__file__).with_name(f"{name}.sql")
        run_sql(file.read_text(encoding="utf-8"))


def drop_functions(*names: str) -> None:
    """Drop them, as the revision's last step.

    Locks: none on tables in use.
    """
    for name in reversed(names):
        run_sql(f"DROP FUNCTION IF EXISTS migrations.{name}({ARGUMENTS[name]})")
