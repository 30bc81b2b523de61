"""genres and moods

Locks: none on tables in use but those of the rows put in.
Rollback: automatic. The rows stay: works refer to them. The next upgrade passes over
    those that are there.

Revision ID: 022
Revises: 021
"""

from rollout.ops import run_sql, sql_file

revision = "022"
down_revision = "021"
branch_labels = None
depends_on = None
schema_version = "1.2.2"
kind = "data"
phase = 2


def upgrade() -> None:
    run_sql(sql_file(__file__, "022_moods.sql"))
    run_sql(sql_file(__file__, "022_genres.sql"))
    run_sql(sql_file(__file__, "022_narrower_genres.sql"))


def downgrade() -> None:
    """Take nothing back: see above."""
