"""create portfolio snapshots

Locks: SHARE ROW EXCLUSIVE on auth.users while the foreign key is added, at the end:
    writes there stop for that moment. ACCESS EXCLUSIVE on user_portfolio_snapshots for a
    moment on the way down. Taken without queueing.
Rollback: automatic. Parks the table with every row; the next upgrade restores it.

Revision ID: 003
Revises: 002
"""

from alembic import op
from sqlalchemy import (
    CheckConstraint,
    Column,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import (
    DATE,
    INTEGER,
    JSONB,
    NUMERIC,
    TEXT,
    TIMESTAMP,
    UUID,
)

from rollout.ops import add_foreign_key, grant_only, park_table, restore_table

revision = "003"
down_revision = "002"
branch_labels = None
depends_on = None
schema_version = "1.3.0"
kind = "schema"
phase = 1

TABLE = "public.user_portfolio_snapshots"

TIMESTAMPTZ = TIMESTAMP(timezone=True)

ENABLE_RLS = "ALTER TABLE public.user_portfolio_snapshots ENABLE ROW LEVEL SECURITY"
POLICIES = (
    """
    CREATE POLICY "Users can view their portfolio snapshots" ON public.user_portfolio_snapshots
        FOR SELECT TO authenticated
        USING ((SELECT auth.uid()) = user_id)
    """,
    # What a provider reported is the provider's: users write only what they enter.
    """
    CREATE POLICY "Users can add their manual snapshots" ON public.user_portfolio_snapshots
        FOR INSERT TO authenticated
        WITH CHECK ((SELECT auth.uid()) = user_id AND snapshot_type = 'manual')
    """,
    """
    CREATE POLICY "Users can change their manual snapshots" ON public.user_portfolio_snapshots
        FOR UPDATE TO authenticated
        USING ((SELECT auth.uid()) = user_id AND snapshot_type = 'manual')
        WITH CHECK ((SELECT auth.uid()) = user_id AND snapshot_type = 'manual')
    """,
    """
    CREATE POLICY "Users can remove their manual snapshots" ON public.user_portfolio_snapshots
        FOR DELETE TO authenticated
        USING ((SELECT auth.uid()) = user_id AND snapshot_type = 'manual')
    """,
)
ROWS = "SELECT, INSERT, UPDATE, DELETE"


def upgrade() -> None:
    if restore_table(TABLE):
        return
    create_table()
    create_indexes()
    op.execute(ENABLE_RLS)
    for policy in POLICIES:
        op.execute(policy)
    grant_only(TABLE, {"authenticated": ROWS, "service_role": ROWS})
    add_foreign_key(
        "user_portfolio_snapshots_user_id_fkey",
        TABLE,
        ["user_id"],
        "auth.users",
        ["id"],
        on_delete="CASCADE",
    )


def downgrade() -> None:
    park_table(TABLE)


def create_table() -> None:
    op.create_table(
        "user_portfolio_snapshots",
        Column(
            "id",
            UUID,
            server_default=text("gen_random_uuid()"),
            nullable=False,
            comment="Row id, given by the server",
        ),
        Column(
            "user_id",
            UUID,
            nullable=False,
            comment="Owner, auth.users.id; the row goes when the user goes",
        ),
        Column(
            "snapshot_date", DATE, nullable=False, comment="Day that the values are of"
        ),
        Column(
            "snapshot_type",
            TEXT,
            server_default="daily",
            comment="daily, weekly, monthly or manual; users write only manual ones",
        ),
        Column(
            "total_value",
            NUMERIC(20, 2),
            server_default=text("0"),
            comment="US dollars, not negative",
        ),
        Column(
            "total_cost_basis",
            NUMERIC(20, 2),
            server_default=text("0"),
            comment="US dollars paid for what is held",
        ),
        Column(
            "total_gain_loss",
            NUMERIC(20, 2),
            server_default=text("0"),
            comment="US dollars, value less cost basis",
        ),
        Column(
            "total_gain_loss_percent",
            NUMERIC(10, 4),
            server_default=text("0"),
            comment="Percent of the cost basis; 12.5 is 12.5 %",
        ),
        Column(
            "account_count",
            INTEGER,
            server_default=text("0"),
            comment="Accounts in the portfolio",
        ),
        Column(
            "provider_breakdown",
            JSONB,
            server_default="{}",
            comment="Object of provider to {accounts: count, value: US dollars}",
        ),
        Column(
            "account_type_breakdown",
            JSONB,
            server_default="{}",
            comment="Object of account type to value in US dollars",
        ),
        Column(
            "sp500_value",
            NUMERIC(10, 2),
            comment="S&P 500 at the close of the day, index points",
        ),
        Column(
            "market_data",
            JSONB,
            server_default="{}",
            comment="More of the market on that day",
        ),
        Column(
            "top_holdings",
            JSONB,
            server_default="[]",
            comment="Array of the ten largest holdings",
        ),
        Column(
            "sector_allocation",
            JSONB,
            server_default="{}",
            comment="Object of sector to percent of the portfolio, 0-100",
        ),
        Column(
            "asset_allocation",
            JSONB,
            server_default="{}",
            comment="Object of asset class to percent of the portfolio, 0-100",
        ),
        Column(
            "created_at",
            TIMESTAMPTZ,
            server_default=text("now()"),
            comment="When the row was made",
        ),
        CheckConstraint(
            "'NaN'::numeric NOT IN (total_value, total_cost_basis, total_gain_loss, total_gain_loss_percent, sp500_value)",
            name="user_portfolio_snapshots_amounts_check",
        ),
        CheckConstraint(
            "snapshot_type IN ('daily', 'weekly', 'monthly', 'manual')",
            name="user_portfolio_snapshots_snapshot_type_check",
        ),
        CheckConstraint(
            "account_count >= 0", name="user_portfolio_snapshots_account_count_check"
        ),
        CheckConstraint(
            "total_value >= 0", name="user_portfolio_snapshots_total_value_check"
        ),
        PrimaryKeyConstraint("id", name="user_portfolio_snapshots_pkey"),
        UniqueConstraint(
            "user_id",
            "snapshot_date",
            "snapshot_type",
            name="user_portfolio_snapshots_per_day_key",
        ),
        comment="Portfolio values over time, one row a user, day and type",
        schema="public",
    )


def create_indexes() -> None:
    op.create_index(
        "idx_portfolio_snapshots_date",
        "user_portfolio_snapshots",
        ["snapshot_date"],
        schema="public",
    )
    op.create_index(
        "idx_portfolio_snapshots_providers",
        "user_portfolio_snapshots",
        ["provider_breakdown"],
        postgresql_using="gin",
        schema="public",
    )
    op.create_index(
        "idx_portfolio_snapshots_sectors",
        "user_portfolio_snapshots",
        ["sector_allocation"],
        postgresql_using="gin",
        schema="public",
    )
    op.create_index(
        "idx_portfolio_snapshots_type",
        "user_portfolio_snapshots",
        ["snapshot_type", "snapshot_date"],
        schema="public",
    )
    op.create_index(
        "idx_portfolio_snapshots_user_date",
        "user_portfolio_snapshots",
        ["user_id", text("snapshot_date DESC")],
        schema="public",
    )
