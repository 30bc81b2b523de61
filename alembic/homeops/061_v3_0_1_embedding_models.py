"""embedding models

Locks: none on tables in use but those of the rows put in.
Rollback: automatic. The model stays: vectors may have been made with it, and the next
    upgrade passes over it.

Revision ID: 061
Revises: 060
"""

from rollout.ops import run_sql, sql_file

revision = "061"
down_revision = "060"
branch_labels = None
depends_on = None
schema_version = "3.0.1"
kind = "data"
phase = 2


def upgrade() -> None:
    run_sql(sql_file(__file__, "061_embedding_models.sql"))


def downgrade() -> None:
    """Take nothing back: see above."""
