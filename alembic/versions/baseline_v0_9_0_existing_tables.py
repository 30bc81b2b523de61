"""existing tables

Locks: none on tables in use.
Rollback: automatic, and does nothing: the existing tables are preserved.

On Supabase the schema auth and the old application's four tables are there: this
changes nothing. On a plain PostgreSQL it creates a stand-in for them. A database with
half of it is refused, with what is missing.

Revision ID: baseline
Revises:
"""

from rollout.ops import run_sql, sql_file

revision = "baseline"
down_revision = None
branch_labels = None
depends_on = None
schema_version = "0.9.0"
kind = "schema"
phase = 1


def upgrade() -> None:
    run_sql(sql_file(__file__, "baseline_check.sql"))
    run_sql(sql_file(__file__, "baseline_auth.sql"))
    run_sql(sql_file(__file__, "baseline_tables.sql"))


def downgrade() -> None:
    """Drop nothing: these tables were there before, or stand in for those that were."""
