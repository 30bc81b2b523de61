"""data validation

Locks: none on tables in use: validation reads.
Rollback: automatic. Drops the functions.

Ends with a validation: any FAIL stops the upgrade before this revision.

Revision ID: 005
Revises: 004
"""

from alembic import op

from rollout.ops import grant_only, run_sql, sql_file

revision = "005"
down_revision = "004"
branch_labels = None
depends_on = None
schema_version = "1.0.4"
version_note = "last part of release 1.0; no application has seen 1.0 without it"
kind = "procedures"
phase = 3

FUNCTIONS = {
    "record_counts": "How many rows each table has, and when the latest was made",
    "validate_data_integrity": "Checks the whole database, one row a check: PASS, WARN, FAIL",
}


def upgrade() -> None:
    for name, does in FUNCTIONS.items():
        run_sql(sql_file(__file__, f"005_{name}.sql"))
        grant_only(f"FUNCTION core.{name}()", {"service_role": "EXECUTE"})
        run_sql(f"COMMENT ON FUNCTION core.{name}() IS '{does}'")
    run_sql(sql_file(__file__, "005_stop_on_fail.sql"))


def downgrade() -> None:
    for name in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION core.{name}()")
