"""initial schema

Locks: none on tables in use; on the way down ACCESS EXCLUSIVE on all of them, a moment,
    taken without queueing.
Rollback: automatic. Parks the tables with every row; the next upgrade restores them.

One database is one household: rooms have a name of their own in the whole database, and
whoever is in core.users belongs to it. core.users.id is what auth.uid() returns: HomeOps
signs its users in itself, or takes over the id that Supabase Auth gave them.

Revision ID: 001
Revises: 000
"""

from alembic import op

from rollout.ops import (
    grant_only,
    make_tables,
    park_function,
    park_tables,
    restore_function,
    run_sql,
    sql_file,
)

revision = "001"
down_revision = "000"
branch_labels = None
depends_on = None
schema_version = "1.0.0"
kind = "schema"
phase = 1

SCHEMAS = ("core", "financial", "media", "smart_home", "private")
"""private: helpers of policies. The API does not serve it."""

ASK = {"authenticated, service_role": "EXECUTE"}
FUNCTIONS = {
    "touch_updated_at": ({}, "Trigger: writes down when the row last changed"),
    "check_setting": ({}, "Trigger: refuses a setting that its readers could not use"),
    "is_member": (ASK, "Whether the request is of somebody of this household"),
    "is_admin": (ASK, "Whether the request is of an administrator of the household"),
}
"""With who may call them, and what they do; triggers call theirs for everybody."""

ROWS = "SELECT, INSERT, UPDATE, DELETE"
EVERYBODY = {"authenticated": ROWS, "service_role": ROWS}
# The password's hash is for the application alone.
USERS = (
    "SELECT (id, email, full_name, role, is_active, last_sign_in_at, created_at, updated_at), "
    "UPDATE (full_name)"
)
INSTITUTIONS = "SELECT (id, name, type, website, created_at, updated_at)"

TABLES = {
    "core.users": {"authenticated": USERS, "service_role": ROWS},
    "core.system_config": EVERYBODY,
    "financial.institutions": {"authenticated": INSTITUTIONS, "service_role": ROWS},
    "financial.accounts": EVERYBODY,
    "financial.transactions": EVERYBODY,
    "financial.positions": EVERYBODY,
    "media.libraries": EVERYBODY,
    "media.items": EVERYBODY,
    "media.viewing_history": EVERYBODY,
    "smart_home.rooms": EVERYBODY,
    "smart_home.devices": EVERYBODY,
    "smart_home.device_readings": {"authenticated": "SELECT", "service_role": ROWS},
}


def upgrade() -> None:
    for schema in SCHEMAS:
        op.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        grant_only(
            f"SCHEMA {schema}", {"authenticated": "USAGE", "service_role": "USAGE"}
        )
    for function, (callers, does) in FUNCTIONS.items():
        restore_function(f"private.{function}()")
        run_sql(sql_file(__file__, f"001_{function}.sql"))
        grant_only(f"FUNCTION private.{function}()", callers)
        run_sql(f"COMMENT ON FUNCTION private.{function}() IS '{does}'")
    made = make_tables(__file__, TABLES)
    if "smart_home.device_readings" in made:
        run_sql(sql_file(__file__, "001_hypertable.sql"))


def downgrade() -> None:
    park_tables(TABLES)
    for function in FUNCTIONS:
        park_function(f"private.{function}()")
    run_sql(sql_file(__file__, "001_drop_schemas.sql"))
