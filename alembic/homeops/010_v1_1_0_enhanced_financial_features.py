"""enhanced financial features

Locks: SHARE ROW EXCLUSIVE on core.users and financial.accounts, each for a
    moment, while the foreign keys are added: writes there stop. Taken without queueing.
    The new tables are not yet in use.
Rollback: automatic. Parks the tables with every row; the next upgrade restores them.

Trading alerts, portfolio performance, and cryptocurrency positions. All of the release's
tables are made here: tables are a MINOR step, and 1.2.0 is the media features'.


Revision ID: 010
Revises: 005
"""

from rollout.ops import add_foreign_key, make_tables, park_tables

revision = "010"
down_revision = "005"
branch_labels = None
depends_on = None
schema_version = "1.1.0"
kind = "schema"
phase = 3

ROWS = "SELECT, INSERT, UPDATE, DELETE"
TABLES = {
    "financial.price_quotes": {"authenticated": "SELECT", "service_role": ROWS},
    "financial.trading_alerts": {"authenticated": ROWS, "service_role": ROWS},
    "financial.trading_alert_events": {
        "authenticated": "SELECT, UPDATE (acknowledged_at)",
        "service_role": ROWS,
    },
    "financial.portfolios": {"authenticated": ROWS, "service_role": ROWS},
    "financial.portfolio_accounts": {"authenticated": ROWS, "service_role": ROWS},
    "financial.portfolio_valuations": {"authenticated": "SELECT", "service_role": ROWS},
    "financial.portfolio_targets": {"authenticated": ROWS, "service_role": ROWS},
    "financial.crypto_assets": {"authenticated": "SELECT", "service_role": ROWS},
    "financial.crypto_wallets": {"authenticated": ROWS, "service_role": ROWS},
    "financial.crypto_positions": {"authenticated": ROWS, "service_role": ROWS},
    "financial.crypto_movements": {"authenticated": ROWS, "service_role": ROWS},
}

# Keys to tables in use.
KEYS = (
    ("fk_trading_alerts_user", "financial.trading_alerts", "user_id", "core.users", "CASCADE"),
    ("fk_trading_alerts_account", "financial.trading_alerts", "account_id", "financial.accounts", "CASCADE"),
    ("fk_portfolios_user", "financial.portfolios", "user_id", "core.users", "CASCADE"),
    ("fk_portfolio_accounts_account", "financial.portfolio_accounts", "account_id", "financial.accounts", "CASCADE"),
    ("fk_crypto_wallets_account", "financial.crypto_wallets", "account_id", "financial.accounts", "CASCADE"),
)  # fmt: skip


def upgrade() -> None:
    made = make_tables(__file__, TABLES)
    for name, table, column, referenced, on_delete in KEYS:
        if table in made:
            add_foreign_key(
                name, table, [column], referenced, ["id"], on_delete=on_delete
            )


def downgrade() -> None:
    park_tables(TABLES)
