"""viewing roll-up

Locks: none on tables in use.
Rollback: automatic. Drops the function; the days that it wrote stay.

Revision ID: 023
Revises: 022
"""

from alembic import op

from rollout.ops import grant_only, run_sql, sql_file

revision = "023"
down_revision = "022"
branch_labels = None
depends_on = None
schema_version = "1.2.3"
version_note = "part of release 1.2: it comes with its tables"
kind = "procedures"
phase = 3

COMMENT = """
    COMMENT ON FUNCTION media.roll_up_viewing(date) IS
        'Sums up what everybody watched on one day; returns how many rows it wrote'
"""


def upgrade() -> None:
    run_sql(sql_file(__file__, "023_roll_up_viewing.sql"))
    grant_only("FUNCTION media.roll_up_viewing(date)", {"service_role": "EXECUTE"})
    run_sql(COMMENT)


def downgrade() -> None:
    op.execute("DROP FUNCTION media.roll_up_viewing(date)")
