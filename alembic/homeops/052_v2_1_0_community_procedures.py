"""community procedures

Locks: none on tables in use.
Rollback: automatic. Drops the functions; what they wrote stays.

Money moves in one statement each, so that a sale is booked for all who share in it, or
for none, and once.

Revision ID: 052
Revises: 051
"""

from alembic import op

from rollout.ops import grant_only, run_sql, sql_file

revision = "052"
down_revision = "051"
branch_labels = None
depends_on = None
schema_version = "2.1.0"
kind = "procedures"
phase = 3

FUNCTIONS = {
    "settle_order": (
        "marketplace.settle_order(uuid)",
        "Books what creators earn by an order, once; returns what they earn in all",
    ),
    "refund_order": (
        "marketplace.refund_order(uuid)",
        "Takes back what was earned by an order, once; returns what goes back",
    ),
    "make_payouts": (
        "marketplace.make_payouts(timestamptz)",
        "Makes payouts of what was earned before a moment; returns how many",
    ),
}


def upgrade() -> None:
    for name, (signature, does) in FUNCTIONS.items():
        run_sql(sql_file(__file__, f"052_{name}.sql"))
        grant_only(f"FUNCTION {signature}", {"service_role": "EXECUTE"})
        run_sql(f"COMMENT ON FUNCTION {signature} IS '{does}'")


def downgrade() -> None:
    for signature, _ in reversed(FUNCTIONS.values()):
        op.execute(f"DROP FUNCTION {signature}")
