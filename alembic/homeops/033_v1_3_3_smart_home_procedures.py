"""smart home procedures

Locks: none on tables in use.
Rollback: automatic. Drops the functions; what they wrote stays.

The work of the night: what each meter used and what it cost, and which habits show.

Revision ID: 033
Revises: 032
"""

from alembic import op

from rollout.ops import grant_only, run_sql, sql_file

revision = "033"
down_revision = "032"
branch_labels = None
depends_on = None
schema_version = "1.3.3"
version_note = "part of release 1.3: it comes with its tables"
kind = "procedures"
phase = 3

FUNCTIONS = {
    "roll_up_energy": "Sums up and prices one day of all meters; returns how many rows it wrote",
    "learn_patterns": "Looks for habits in the weeks up to a day; returns how many it found",
}


def upgrade() -> None:
    for name, does in FUNCTIONS.items():
        run_sql(sql_file(__file__, f"033_{name}.sql"))
        grant_only(f"FUNCTION smart_home.{name}(date)", {"service_role": "EXECUTE"})
        run_sql(f"COMMENT ON FUNCTION smart_home.{name}(date) IS '{does}'")


def downgrade() -> None:
    for name in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION smart_home.{name}(date)")
