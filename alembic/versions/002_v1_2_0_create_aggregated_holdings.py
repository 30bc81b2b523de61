"""create aggregated holdings

Locks: SHARE ROW EXCLUSIVE on auth.users while the foreign key is added, at the end:
    writes there stop for that moment. ACCESS EXCLUSIVE on user_aggregated_holdings for a
    moment on the way down. Taken without queueing.
Rollback: automatic. Parks the table with every row; the next upgrade restores it.

Revision ID: 002
Revises: 001
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
    INTEGER,
    JSONB,
    NUMERIC,
    TEXT,
    TIMESTAMP,
    UUID,
)

from rollout.ops import (
    add_foreign_key,
    grant_only,
    park_function,
    park_table,
    restore_function,
    restore_table,
)

revision = "002"
down_revision = "001"
branch_labels = None
depends_on = None
schema_version = "1.2.0"
kind = "schema"
phase = 1

TABLE = "public.user_aggregated_holdings"

TIMESTAMPTZ = TIMESTAMP(timezone=True)

ENABLE_RLS = "ALTER TABLE public.user_aggregated_holdings ENABLE ROW LEVEL SECURITY"
POLICIES = (
    """
    CREATE POLICY "Users can view their aggregated holdings" ON public.user_aggregated_holdings
        FOR SELECT TO authenticated
        USING ((SELECT auth.uid()) = user_id)
    """,
    # What a provider reported is the provider's: users write only what they enter.
    """
    CREATE POLICY "Users can add their manual holdings" ON public.user_aggregated_holdings
        FOR INSERT TO authenticated
        WITH CHECK ((SELECT auth.uid()) = user_id AND data_source = 'manual')
    """,
    """
    CREATE POLICY "Users can change their manual holdings" ON public.user_aggregated_holdings
        FOR UPDATE TO authenticated
        USING ((SELECT auth.uid()) = user_id AND data_source = 'manual')
        WITH CHECK ((SELECT auth.uid()) = user_id AND data_source = 'manual')
    """,
    """
    CREATE POLICY "Users can remove their manual holdings" ON public.user_aggregated_holdings
        FOR DELETE TO authenticated
        USING ((SELECT auth.uid()) = user_id AND data_source = 'manual')
    """,
)

# The table has no updated_at: the specification's trigger failed on every UPDATE.
FUNCTION = """
    CREATE OR REPLACE FUNCTION public.update_last_updated_column()
    RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $function$
    BEGIN
        NEW.last_updated = now();
        RETURN NEW;
    END
    $function$
"""
SIGNATURE = "public.update_last_updated_column()"
TRIGGER = """
    CREATE TRIGGER update_aggregated_holdings_updated_at
        BEFORE UPDATE ON public.user_aggregated_holdings
        FOR EACH ROW EXECUTE FUNCTION public.update_last_updated_column()
"""
# Who asks is known only when a query runs, (SELECT auth.uid()), so the planner plans for
# the average user: for one with very many rows it would read and sort them all. Planned
# as though everybody had 200 rows, a page comes out of the index in its order.
PLAN_FOR_MANY = """
    ALTER TABLE public.user_aggregated_holdings
        ALTER COLUMN user_id SET (n_distinct = -0.005)
"""
ROWS = "SELECT, INSERT, UPDATE, DELETE"


def upgrade() -> None:
    restore_function(SIGNATURE)
    op.execute(FUNCTION)
    grant_only(f"FUNCTION {SIGNATURE}", {})
    if restore_table(TABLE):
        return
    create_table()
    create_indexes()
    op.execute(PLAN_FOR_MANY)
    op.execute(ENABLE_RLS)
    for policy in POLICIES:
        op.execute(policy)
    grant_only(TABLE, {"authenticated": ROWS, "service_role": ROWS})
    op.execute(TRIGGER)
    add_foreign_key(
        "user_aggregated_holdings_user_id_fkey",
        TABLE,
        ["user_id"],
        "auth.users",
        ["id"],
        on_delete="CASCADE",
    )


def downgrade() -> None:
    park_table(TABLE)
    park_function(SIGNATURE)


def create_table() -> None:
    op.create_table(
        "user_aggregated_holdings",
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
        Column("symbol", TEXT, nullable=False, comment="Ticker symbol"),
        Column("security_id", TEXT, comment="CUSIP, ISIN or the like"),
        Column("security_name", TEXT, comment="Name of the security"),
        Column(
            "security_type",
            TEXT,
            comment="equity, bond, etf, mutual_fund, crypto, option, cash or another",
        ),
        Column(
            "total_quantity",
            NUMERIC(20, 8),
            server_default=text("0"),
            comment="Shares or units, not negative",
        ),
        Column(
            "total_market_value",
            NUMERIC(20, 2),
            server_default=text("0"),
            comment="US dollars at the price of price_as_of",
        ),
        Column(
            "total_cost_basis",
            NUMERIC(20, 2),
            server_default=text("0"),
            comment="US dollars paid for all units",
        ),
        Column(
            "average_cost_basis",
            NUMERIC(20, 8),
            server_default=text("0"),
            comment="US dollars paid a unit",
        ),
        Column(
            "unrealized_gain_loss",
            NUMERIC(20, 2),
            server_default=text("0"),
            comment="US dollars, market value less cost basis",
        ),
        Column(
            "unrealized_gain_loss_percent",
            NUMERIC(10, 4),
            server_default=text("0"),
            comment="Percent of the cost basis; 12.5 is 12.5 %",
        ),
        Column(
            "day_change_value",
            NUMERIC(20, 2),
            server_default=text("0"),
            comment="US dollars since the previous close",
        ),
        Column(
            "day_change_percent",
            NUMERIC(10, 4),
            server_default=text("0"),
            comment="Percent since the previous close; 1.5 is 1.5 %",
        ),
        Column(
            "account_contributions",
            JSONB,
            server_default="[]",
            comment="Array of {account_id, quantity, market_value, cost_basis}",
        ),
        Column(
            "institution_breakdown",
            JSONB,
            server_default="{}",
            comment="Object of institution name to {quantity, value}",
        ),
        Column(
            "account_count",
            INTEGER,
            server_default=text("1"),
            comment="Accounts that hold the security, at least 1",
        ),
        Column(
            "last_updated",
            TIMESTAMPTZ,
            server_default=text("now()"),
            comment="When the row last changed, set by a trigger",
        ),
        Column("price_as_of", TIMESTAMPTZ, comment="When the price was quoted"),
        Column(
            "data_source",
            TEXT,
            server_default="aggregated",
            comment="plaid, alpaca, manual or aggregated; users write only manual ones",
        ),
        CheckConstraint(
            "'NaN'::numeric NOT IN (total_quantity, total_market_value, total_cost_basis, average_cost_basis, unrealized_gain_loss, unrealized_gain_loss_percent, day_change_value, day_change_percent)",
            name="user_aggregated_holdings_amounts_check",
        ),
        CheckConstraint(
            "account_count > 0", name="user_aggregated_holdings_account_count_check"
        ),
        CheckConstraint(
            "total_quantity >= 0", name="user_aggregated_holdings_total_quantity_check"
        ),
        PrimaryKeyConstraint("id", name="user_aggregated_holdings_pkey"),
        UniqueConstraint(
            "user_id", "symbol", name="user_aggregated_holdings_user_id_symbol_key"
        ),
        comment="Holdings over all accounts of a user, one row a symbol",
        schema="public",
    )


def create_indexes() -> None:
    op.create_index(
        "idx_aggregated_holdings_contributions",
        "user_aggregated_holdings",
        ["account_contributions"],
        postgresql_using="gin",
        schema="public",
    )
    op.create_index(
        "idx_aggregated_holdings_institutions",
        "user_aggregated_holdings",
        ["institution_breakdown"],
        postgresql_using="gin",
        schema="public",
    )
    op.create_index(
        "idx_aggregated_holdings_symbol",
        "user_aggregated_holdings",
        ["symbol"],
        schema="public",
    )
    op.create_index(
        "idx_aggregated_holdings_user_id",
        "user_aggregated_holdings",
        ["user_id"],
        schema="public",
    )
    op.create_index(
        "idx_aggregated_holdings_user_updated",
        "user_aggregated_holdings",
        ["user_id", text("last_updated DESC")],
        schema="public",
    )
    op.create_index(
        "idx_aggregated_holdings_value",
        "user_aggregated_holdings",
        ["user_id", text("total_market_value DESC")],
        postgresql_where=text("total_market_value > 0"),
        schema="public",
    )
