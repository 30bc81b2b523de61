"""What revisions are made of: one operation a file, each with its lock level."""

from rollout.ops.add_check import add_check, drop_check
from rollout.ops.add_column import add_column
from rollout.ops.add_foreign_key import add_foreign_key, drop_foreign_key
from rollout.ops.autocommit import autocommit
from rollout.ops.backfill import backfill
from rollout.ops.change_column_type import change_column_type, revert_column_type
from rollout.ops.collect import collect
from rollout.ops.constraint import validate_constraint
from rollout.ops.create_extension import create_extension
from rollout.ops.create_index import create_index
from rollout.ops.drop_index import drop_index
from rollout.ops.drop_view import drop_view
from rollout.ops.finish_column_type import finish_column_type, resume_column_type
from rollout.ops.grant_only import grant_only
from rollout.ops.lock_tables import lock_tables
from rollout.ops.make_tables import make_tables, park_tables
from rollout.ops.park_columns import park_columns, restore_columns
from rollout.ops.park_function import park_function, restore_function
from rollout.ops.park_table import park_table, restore_table
from rollout.ops.restructure_table import restructure_table
from rollout.ops.revert_restructure import finish_restructure, revert_restructure
from rollout.ops.set_not_null import drop_not_null, set_not_null
from rollout.ops.sql import run_sql, sql_file
from rollout.ops.sync_column import sync_column
from rollout.ops.sync_table import sync_table
from rollout.ops.sync_trigger import drop_sync

__all__ = [
    "add_check",
    "add_column",
    "add_foreign_key",
    "autocommit",
    "backfill",
    "change_column_type",
    "collect",
    "create_extension",
    "create_index",
    "drop_check",
    "drop_foreign_key",
    "drop_index",
    "drop_not_null",
    "drop_sync",
    "drop_view",
    "finish_column_type",
    "finish_restructure",
    "grant_only",
    "lock_tables",
    "make_tables",
    "park_columns",
    "park_function",
    "park_table",
    "park_tables",
    "restore_columns",
    "restore_function",
    "restore_table",
    "restructure_table",
    "resume_column_type",
    "revert_column_type",
    "revert_restructure",
    "run_sql",
    "set_not_null",
    "sql_file",
    "sync_column",
    "sync_table",
    "validate_constraint",
]
