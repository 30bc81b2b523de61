"""create investment accounts

Locks: SHARE ROW EXCLUSIVE on auth.users while the foreign key is added, at the end:
    writes there stop for that moment. ACCESS EXCLUSIVE on user_investment_accounts for a
    moment on the way down. Taken without queueing.
Rollback: automatic. Parks the table with every row; the next upgrade restores it.

Revision ID: 001
Revises: 000
"""

from alembic import op
from sqlalchemy import (
    CheckConstraint,
    Column,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import BOOLEAN, JSONB, TEXT, TIMESTAMP, UUID

from rollout.ops import (
    add_foreign_key,
    grant_only,
    park_table,
    restore_table,
    run_sql,
    sql_file,
)

revision = "001"
down_revision = "000"
branch_labels = None
depends_on = None
schema_version = "1.1.0"
kind = "schema"
phase = 1

TABLE = "public.user_investment_accounts"

TIMESTAMPTZ = TIMESTAMP(timezone=True)

ENABLE_RLS = "ALTER TABLE public.user_investment_accounts ENABLE ROW LEVEL SECURITY"
POLICY = """
    CREATE POLICY "Users can manage their investment accounts"
        ON public.user_investment_accounts FOR ALL TO authenticated
        USING ((SELECT auth.uid()) = user_id)
        WITH CHECK ((SELECT auth.uid()) = user_id)
"""
TRIGGER = """
    CREATE TRIGGER update_investment_accounts_updated_at
        BEFORE UPDATE ON public.user_investment_accounts
        FOR EACH ROW EXECUTE FUNCTION public.update_updated_at_column()
"""
ROWS = "SELECT, INSERT, UPDATE, DELETE"


def upgrade() -> None:
    run_sql(sql_file(__file__, "001_update_updated_at_column.sql"))
    if restore_table(TABLE):
        return
    create_table()
    create_indexes()
    op.execute(ENABLE_RLS)
    op.execute(POLICY)
    grant_only(TABLE, {"authenticated": ROWS, "service_role": ROWS})
    op.execute(TRIGGER)
    add_foreign_key(
        "user_investment_accounts_user_id_fkey",
        TABLE,
        ["user_id"],
        "auth.users",
        ["id"],
        on_delete="CASCADE",
    )


def downgrade() -> None:
    park_table(TABLE)
    run_sql(sql_file(__file__, "001_park_function.sql"))


def create_table() -> None:
    op.create_table(
        "user_investment_accounts",
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
            "provider",
            TEXT,
            nullable=False,
            comment="Where the account is kept: plaid, alpaca or manual",
        ),
        Column(
            "provider_account_id",
            TEXT,
            nullable=False,
            comment="Account id at the provider",
        ),
        Column(
            "provider_item_id",
            TEXT,
            comment="Login at the provider that the account came with (Plaid item id)",
        ),
        Column("institution_id", TEXT, comment="Institution id at the provider"),
        Column(
            "institution_name",
            TEXT,
            nullable=False,
            comment="Name of the institution, never empty",
        ),
        Column("account_name", TEXT, comment="Name shown to the user"),
        Column(
            "account_type",
            TEXT,
            nullable=False,
            comment="brokerage, 401k, ira, roth_ira, 529, hsa or another",
        ),
        Column(
            "account_subtype",
            TEXT,
            comment="More specific type, in the provider's words",
        ),
        Column(
            "access_token_encrypted",
            TEXT,
            comment="Access token for the provider, encrypted by the application",
        ),
        Column(
            "sync_enabled",
            BOOLEAN,
            server_default=text("true"),
            comment="Whether to fetch from the provider",
        ),
        Column("last_synced", TIMESTAMPTZ, comment="When the provider was last asked"),
        Column(
            "sync_status",
            TEXT,
            server_default="pending",
            comment="Last exchange: pending, syncing, success, error or disabled",
        ),
        Column(
            "sync_error_message", TEXT, comment="What went wrong in the last exchange"
        ),
        Column(
            "is_active",
            BOOLEAN,
            server_default=text("true"),
            comment="Whether the account counts",
        ),
        Column(
            "is_primary",
            BOOLEAN,
            server_default=text("false"),
            comment="Shown first; at most one a user",
        ),
        Column(
            "raw_account_data",
            JSONB,
            server_default="{}",
            comment="The account as the provider sent it",
        ),
        Column(
            "created_at",
            TIMESTAMPTZ,
            server_default=text("now()"),
            comment="When the row was made",
        ),
        Column(
            "updated_at",
            TIMESTAMPTZ,
            server_default=text("now()"),
            comment="When the row last changed, set by a trigger",
        ),
        CheckConstraint(
            "provider IN ('plaid', 'alpaca', 'manual')",
            name="user_investment_accounts_provider_check",
        ),
        CheckConstraint(
            "sync_status IN ('pending', 'syncing', 'success', 'error', 'disabled')",
            name="user_investment_accounts_sync_status_check",
        ),
        CheckConstraint(
            "length(institution_name) > 0",
            name="user_investment_accounts_institution_name_check",
        ),
        PrimaryKeyConstraint("id", name="user_investment_accounts_pkey"),
        UniqueConstraint(
            "provider",
            "provider_account_id",
            "user_id",
            name="user_investment_accounts_provider_account_key",
        ),
        UniqueConstraint(
            "user_id", "id", name="user_investment_accounts_user_id_id_key"
        ),
        comment="Investment accounts at all providers, one row an account",
        schema="public",
    )


def create_indexes() -> None:
    op.create_index(
        "idx_investment_accounts_one_primary",
        "user_investment_accounts",
        ["user_id"],
        unique=True,
        postgresql_where=text("is_primary"),
        schema="public",
    )
    op.create_index(
        "idx_investment_accounts_sync_status",
        "user_investment_accounts",
        ["sync_status", "last_synced"],
        postgresql_where=text("sync_enabled = true"),
        schema="public",
    )
    op.create_index(
        "idx_investment_accounts_user_id",
        "user_investment_accounts",
        ["user_id"],
        schema="public",
    )
    op.create_index(
        "idx_investment_accounts_user_provider",
        "user_investment_accounts",
        ["user_id", "provider", "is_active"],
        schema="public",
    )
