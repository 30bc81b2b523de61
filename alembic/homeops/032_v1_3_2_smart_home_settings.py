"""smart home settings

Locks: none on tables in use but those of the rows put in.
Rollback: automatic. The settings stay: the household may have changed them, and the next
    upgrade passes over those that are there.

Revision ID: 032
Revises: 031
"""

from rollout.ops import run_sql, sql_file

revision = "032"
down_revision = "031"
branch_labels = None
depends_on = None
schema_version = "1.3.2"
kind = "data"
phase = 2


def upgrade() -> None:
    run_sql(sql_file(__file__, "032_settings.sql"))


def downgrade() -> None:
    """Take nothing back: see above."""
