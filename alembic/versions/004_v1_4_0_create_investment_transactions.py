"""create investment transactions

Locks: SHARE ROW EXCLUSIVE on auth.users and user_investment_accounts while the foreign
    keys are added, at the end: writes there stop for that moment. ACCESS EXCLUSIVE on
    user_investment_transactions for a moment on the way down. Taken without queueing.
Rollback: automatic. Parks the table with every row; the next upgrade restores it.

Revision ID: 004
Revises: 003
"""

from alembic import op
from sqlalchemy import (
    CheckConstraint,
    Column,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import DATE, JSONB, NUMERIC, TEXT, TIMESTAMP, UUID

from rollout.ops import add_foreign_key, grant_only, park_table, restore_table

revision = "004"
down_revision = "003"
branch_labels = None
depends_on = None
schema_version = "1.4.0"
kind = "schema"
phase = 1

TABLE = "public.user_investment_transactions"

TIMESTAMPTZ = TIMESTAMP(timezone=True)

ENABLE_RLS = "ALTER TABLE public.user_investment_transactions ENABLE ROW LEVEL SECURITY"
POLICIES = (
    """
    CREATE POLICY "Users can view their investment transactions" ON public.user_investment_transactions
        FOR SELECT TO authenticated
        USING ((SELECT auth.uid()) = user_id)
    """,
    # What a provider reported is the provider's: users write only what they enter.
    """
    CREATE POLICY "Users can add their manual transactions" ON public.user_investment_transactions
        FOR INSERT TO authenticated
        WITH CHECK ((SELECT auth.uid()) = user_id AND provider = 'manual')
    """,
    """
    CREATE POLICY "Users can change their manual transactions" ON public.user_investment_transactions
        FOR UPDATE TO authenticated
        USING ((SELECT auth.uid()) = user_id AND provider = 'manual')
        WITH CHECK ((SELECT auth.uid()) = user_id AND provider = 'manual')
    """,
    """
    CREATE POLICY "Users can remove their manual transactions" ON public.user_investment_transactions
        FOR DELETE TO authenticated
        USING ((SELECT auth.uid()) = user_id AND provider = 'manual')
    """,
)
# Who asks is known only when a query runs, (SELECT auth.uid()), so the planner plans for
# the average user: for one with very many rows it would read and sort them all. Planned
# as though everybody had 1,000 rows, a page comes out of the index in its order.
PLAN_FOR_MANY = """
    ALTER TABLE public.user_investment_transactions
        ALTER COLUMN user_id SET (n_distinct = -0.001)
"""
ROWS = "SELECT, INSERT, UPDATE, DELETE"


def upgrade() -> None:
    if restore_table(TABLE):
        return
    create_table()
    create_indexes()
    op.execute(PLAN_FOR_MANY)
    op.execute(ENABLE_RLS)
    for policy in POLICIES:
        op.execute(policy)
    grant_only(TABLE, {"authenticated": ROWS, "service_role": ROWS})
    add_foreign_key(
        "user_investment_transactions_user_id_fkey",
        TABLE,
        ["user_id"],
        "auth.users",
        ["id"],
        on_delete="CASCADE",
    )
    # With user_id in the key, nobody can book on another user's account: a foreign key
    # on account_id alone does not see row level security.
    add_foreign_key(
        "user_investment_transactions_account_fkey",
        TABLE,
        ["user_id", "account_id"],
        "public.user_investment_accounts",
        ["user_id", "id"],
        on_delete="CASCADE",
    )


def downgrade() -> None:
    park_table(TABLE)


def create_table() -> None:
    op.create_table(
        "user_investment_transactions",
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
            "account_id",
            UUID,
            nullable=False,
            comment="Account of the same owner, user_investment_accounts.id",
        ),
        Column(
            "provider_transaction_id",
            TEXT,
            nullable=False,
            comment="Transaction id at the provider",
        ),
        Column(
            "provider",
            TEXT,
            nullable=False,
            comment="Who reported it: plaid, alpaca or manual; users write only manual ones",
        ),
        Column("symbol", TEXT, comment="Ticker symbol"),
        Column("security_id", TEXT, comment="CUSIP, ISIN or the like"),
        Column("security_name", TEXT, comment="Name of the security"),
        Column(
            "security_type",
            TEXT,
            comment="equity, bond, etf, mutual_fund, crypto, option, cash or another",
        ),
        Column(
            "transaction_type",
            TEXT,
            nullable=False,
            comment="What happened: buy, sell, dividend and so on",
        ),
        Column("transaction_date", DATE, nullable=False, comment="Day of the trade"),
        Column("settlement_date", DATE, comment="Day on which it settled"),
        Column(
            "quantity",
            NUMERIC(20, 8),
            server_default=text("0"),
            comment="Shares or units",
        ),
        Column(
            "price",
            NUMERIC(20, 8),
            server_default=text("0"),
            comment="Price a unit in currency_code, not negative",
        ),
        Column(
            "amount",
            NUMERIC(20, 2),
            nullable=False,
            comment="In currency_code; negative flows out, positive flows in",
        ),
        Column(
            "fees",
            NUMERIC(20, 2),
            server_default=text("0"),
            comment="In currency_code, not negative",
        ),
        Column("currency_code", TEXT, server_default="USD", comment="ISO 4217"),
        Column("description", TEXT, comment="Text for the user"),
        Column("category", TEXT, comment="Category, in the provider's words"),
        Column("subcategory", TEXT, comment="Subcategory, in the provider's words"),
        Column(
            "raw_transaction_data",
            JSONB,
            server_default="{}",
            comment="The transaction as the provider sent it",
        ),
        Column(
            "created_at",
            TIMESTAMPTZ,
            server_default=text("now()"),
            comment="When the row was made",
        ),
        CheckConstraint(
            "'NaN'::numeric NOT IN (quantity, price, amount, fees)",
            name="user_investment_transactions_amounts_check",
        ),
        CheckConstraint(
            "transaction_type IN ('buy', 'sell', 'dividend', 'interest', 'fee', 'tax', 'transfer_in', 'transfer_out', 'deposit', 'withdrawal', 'split', 'merger', 'spinoff', 'other')",
            name="user_investment_transactions_transaction_type_check",
        ),
        CheckConstraint("fees >= 0", name="user_investment_transactions_fees_check"),
        CheckConstraint("price >= 0", name="user_investment_transactions_price_check"),
        PrimaryKeyConstraint("id", name="user_investment_transactions_pkey"),
        UniqueConstraint(
            "account_id",
            "provider_transaction_id",
            name="user_investment_transactions_provider_transaction_key",
        ),
        comment="Transactions in investment accounts, as providers report them",
        schema="public",
    )


def create_indexes() -> None:
    op.create_index(
        "idx_investment_transactions_account",
        "user_investment_transactions",
        ["user_id", "account_id", text("transaction_date DESC")],
        schema="public",
    )
    op.create_index(
        "idx_investment_transactions_date",
        "user_investment_transactions",
        ["user_id", text("transaction_date DESC")],
        schema="public",
    )
    op.create_index(
        "idx_investment_transactions_date_brin",
        "user_investment_transactions",
        ["transaction_date"],
        postgresql_using="brin",
        schema="public",
    )
    op.create_index(
        "idx_investment_transactions_symbol",
        "user_investment_transactions",
        ["user_id", "symbol", text("transaction_date DESC")],
        postgresql_where=text("symbol IS NOT NULL"),
        schema="public",
    )
    op.create_index(
        "idx_investment_transactions_type_date",
        "user_investment_transactions",
        ["user_id", "transaction_type", text("transaction_date DESC")],
        schema="public",
    )
    op.create_index(
        "idx_investment_transactions_user_id",
        "user_investment_transactions",
        ["user_id"],
        schema="public",
    )
