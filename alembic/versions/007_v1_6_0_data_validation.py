"""data validation

Locks: none on tables in use: validation reads.
Rollback: automatic. Drops the function.

Ends with a validation: any FAIL stops the upgrade before this revision.

Revision ID: 007
Revises: 006
"""

from alembic import op

from rollout.ops import grant_only, run_sql, sql_file

revision = "007"
down_revision = "006"
branch_labels = None
depends_on = None
schema_version = "1.6.0"
kind = "procedures"
phase = 2

SIGNATURE = "public.validate_migration_integrity()"


def upgrade() -> None:
    run_sql(sql_file(__file__, "007_validate_migration_integrity.sql"))
    grant_only(f"FUNCTION {SIGNATURE}", {"service_role": "EXECUTE"})
    run_sql(sql_file(__file__, "007_stop_on_fail.sql"))


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {SIGNATURE}")
