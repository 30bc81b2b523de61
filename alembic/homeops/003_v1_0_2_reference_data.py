"""reference data

Locks: none on tables in use but those of the rows put in.
Rollback: automatic. The rows stay: devices may be in the rooms, and accounts at the
    institution. The next upgrade passes over those that are there.

Revision ID: 003
Revises: 002
"""

from rollout.ops import run_sql, sql_file

revision = "003"
down_revision = "002"
branch_labels = None
depends_on = None
schema_version = "1.0.2"
kind = "data"
phase = 2


def upgrade() -> None:
    run_sql(sql_file(__file__, "003_rooms.sql"))
    run_sql(sql_file(__file__, "003_plaid.sql"))


def downgrade() -> None:
    """Take nothing back: see above."""
