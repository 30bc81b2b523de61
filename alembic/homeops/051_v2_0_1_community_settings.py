"""community settings

Locks: none on tables in use but those of the rows put in.
Rollback: automatic. The settings stay: the household may have changed them, and the next
    upgrade passes over those that are there.

Revision ID: 051
Revises: 050
"""

from rollout.ops import run_sql, sql_file

revision = "051"
down_revision = "050"
branch_labels = None
depends_on = None
schema_version = "2.0.1"
kind = "data"
phase = 2


def upgrade() -> None:
    run_sql(sql_file(__file__, "051_settings.sql"))


def downgrade() -> None:
    """Take nothing back: see above."""
