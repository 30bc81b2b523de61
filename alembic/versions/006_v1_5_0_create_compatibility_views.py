"""create compatibility views

Locks: none on tables in use.
Rollback: automatic. Drops the views; they hold no rows.

Revision ID: 006
Revises: 005
"""

from alembic import op

from rollout.ops import drop_view, grant_only

revision = "006"
down_revision = "005"
branch_labels = None
depends_on = None
schema_version = "1.5.0"
kind = "schema"
phase = 2

# security_invoker: the reader's own row level security holds. A view runs as its owner
# otherwise, and would show everybody's rows to anybody.
LEGACY = """
    CREATE VIEW public.user_portfolio_legacy WITH (security_invoker = true) AS
    SELECT
        uia.user_id,
        uia.provider_account_id AS account_id,
        uia.institution_name,
        uia.account_name,
        uia.is_active,
        CASE WHEN uia.provider = 'alpaca' THEN 'ACTIVE' ELSE 'AGGREGATED' END
            AS account_status
    FROM public.user_investment_accounts AS uia
    WHERE uia.is_active = true
"""
POSITIONS = """
    CREATE VIEW public.user_positions_aggregated WITH (security_invoker = true) AS
    SELECT
        uah.user_id,
        uah.symbol,
        uah.total_quantity AS quantity,
        uah.total_market_value AS market_value,
        uah.total_cost_basis AS cost_basis,
        uah.average_cost_basis,
        uah.unrealized_gain_loss,
        uah.unrealized_gain_loss_percent,
        uah.day_change_value,
        uah.day_change_percent,
        uah.account_count,
        uah.last_updated
    FROM public.user_aggregated_holdings AS uah
    WHERE uah.total_quantity > 0
"""
READ = {"authenticated": "SELECT", "service_role": "SELECT"}


def upgrade() -> None:
    op.execute(LEGACY)
    grant_only("public.user_portfolio_legacy", READ)
    op.execute(POSITIONS)
    grant_only("public.user_positions_aggregated", READ)


def downgrade() -> None:
    drop_view("public.user_positions_aggregated")
    drop_view("public.user_portfolio_legacy")
