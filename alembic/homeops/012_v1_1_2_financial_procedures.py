"""financial procedures

Locks: none on tables in use.
Rollback: automatic. Drops the functions; what they wrote stays.

The work of the nightly job and of the price feed, in one statement each: an alert and
the record that it fired are written together, or not at all. What reads, counts and
writes waits for another one that does the same.

Revision ID: 012
Revises: 011
"""

from alembic import op

from rollout.ops import grant_only, run_sql, sql_file

revision = "012"
down_revision = "011"
branch_labels = None
depends_on = None
schema_version = "1.1.2"
version_note = "part of release 1.1: it comes with its tables"
kind = "procedures"
phase = 3

FUNCTIONS = {
    "fire_trading_alerts": (
        "financial.fire_trading_alerts(timestamptz)",
        "Fires the alerts whose condition holds at the latest price; returns how many",
    ),
    "value_portfolios": (
        "financial.value_portfolios(date)",
        "Writes down what portfolios are worth at the end of a day; returns how many",
    ),
    "recount_crypto_wallet": (
        "financial.recount_crypto_wallet(uuid)",
        "Sets what a wallet holds to the sum of its movements; returns how many coins",
    ),
}
SERVICE = {"service_role": "EXECUTE"}
# Under row level security: people count their own wallets.
CALLERS = {"recount_crypto_wallet": {"authenticated, service_role": "EXECUTE"}}


def upgrade() -> None:
    for name, (signature, does) in FUNCTIONS.items():
        run_sql(sql_file(__file__, f"012_{name}.sql"))
        grant_only(f"FUNCTION {signature}", CALLERS.get(name, SERVICE))
        run_sql(f"COMMENT ON FUNCTION {signature} IS '{does}'")


def downgrade() -> None:
    for signature, _ in reversed(FUNCTIONS.values()):
        op.execute(f"DROP FUNCTION {signature}")
