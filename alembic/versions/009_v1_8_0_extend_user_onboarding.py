"""extend user onboarding

Locks: ACCESS EXCLUSIVE on user_onboarding for a moment, to add and to drop columns; SHARE
    ROW EXCLUSIVE for a moment on the way down; SHARE UPDATE EXCLUSIVE while the index is
    built. All taken without queueing; none grows with the table.
Rollback: automatic. Values that differ from the defaults are parked; the next upgrade
    restores them.

Revision ID: 009
Revises: 008
"""

from sqlalchemy import Column, text
from sqlalchemy.dialects.postgresql import BOOLEAN, INTEGER, TEXT, TIMESTAMP

from rollout.ops import (
    add_column,
    create_index,
    drop_index,
    park_columns,
    restore_columns,
    run_sql,
    sql_file,
)

revision = "009"
down_revision = "008"
branch_labels = None
depends_on = None
schema_version = "1.8.0"
kind = "schema"
operation = "ALTER"
phase = 3

TABLE = "public.user_onboarding"

# The specification's UPDATE is not needed: existing rows get the defaults with the column.
COLUMNS = (
    Column("onboarding_version", INTEGER, server_default=text("1")),
    Column("primary_provider", TEXT, server_default="alpaca"),
    Column("account_aggregation_enabled", BOOLEAN, server_default=text("false")),
    Column("plaid_link_completed", BOOLEAN, server_default=text("false")),
    Column("aggregation_onboarded_at", TIMESTAMP(timezone=True)),
)
DEFAULTS = {
    "onboarding_version": "1",
    "primary_provider": "'alpaca'",
    "account_aggregation_enabled": "false",
    "plaid_link_completed": "false",
    "aggregation_onboarded_at": "NULL",
}
INDEX = "idx_user_onboarding_provider"


def upgrade() -> None:
    add_column(TABLE, *COLUMNS)
    run_sql(sql_file(__file__, "009_is_aggregated.sql"))
    restore_columns(TABLE, DEFAULTS)
    create_index(INDEX, TABLE, "primary_provider, account_aggregation_enabled")


def downgrade() -> None:
    drop_index(f"public.{INDEX}")
    park_columns(TABLE, DEFAULTS)
    run_sql(sql_file(__file__, "005_is_aggregated.sql"))
