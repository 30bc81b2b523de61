"""feature flags support

Locks: SHARE ROW EXCLUSIVE on auth.users while the foreign key is added, at the end:
    writes there stop for that moment. ACCESS EXCLUSIVE on user_feature_flags for a
    moment on the way down. Taken without queueing.
Rollback: automatic. Parks the table with every row; the next upgrade restores it.

Revision ID: 008
Revises: 007
"""

from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import BOOLEAN, TEXT, TIMESTAMP, UUID

from rollout.ops import add_foreign_key, grant_only, park_table, restore_table

revision = "008"
down_revision = "007"
branch_labels = None
depends_on = None
schema_version = "1.7.0"
kind = "schema"
phase = 3

TABLE = "public.user_feature_flags"

TIMESTAMPTZ = TIMESTAMP(timezone=True)

ENABLE_RLS = "ALTER TABLE public.user_feature_flags ENABLE ROW LEVEL SECURITY"
# app_metadata, which only the server writes; user_metadata is the user's own to write.
# One policy a command: two permissive ones would both run for every row.
# Owner or admin as one range, from the owner's id to the same, or from the lowest id to
# the highest: "owner OR admin" can use no index, and every read of a user's flags would
# go through all users'.
POLICIES = (
    """
    CREATE POLICY "Users can view their feature flags" ON public.user_feature_flags
        FOR SELECT TO authenticated
        USING (
            user_id BETWEEN
                CASE WHEN (SELECT auth.jwt()) -> 'app_metadata' ->> 'role' = 'admin'
                    THEN '00000000-0000-0000-0000-000000000000'
                    ELSE (SELECT auth.uid()) END
            AND CASE WHEN (SELECT auth.jwt()) -> 'app_metadata' ->> 'role' = 'admin'
                    THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff'
                    ELSE (SELECT auth.uid()) END
        )
    """,
    """
    CREATE POLICY "Admins can add feature flags" ON public.user_feature_flags
        FOR INSERT TO authenticated
        WITH CHECK ((SELECT auth.jwt()) -> 'app_metadata' ->> 'role' = 'admin')
    """,
    """
    CREATE POLICY "Admins can change feature flags" ON public.user_feature_flags
        FOR UPDATE TO authenticated
        USING ((SELECT auth.jwt()) -> 'app_metadata' ->> 'role' = 'admin')
        WITH CHECK ((SELECT auth.jwt()) -> 'app_metadata' ->> 'role' = 'admin')
    """,
    """
    CREATE POLICY "Admins can remove feature flags" ON public.user_feature_flags
        FOR DELETE TO authenticated
        USING ((SELECT auth.jwt()) -> 'app_metadata' ->> 'role' = 'admin')
    """,
)
TRIGGER = """
    CREATE TRIGGER update_user_feature_flags_updated_at
        BEFORE UPDATE ON public.user_feature_flags
        FOR EACH ROW EXECUTE FUNCTION public.update_updated_at_column()
"""
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
    op.execute(TRIGGER)
    add_foreign_key(
        "user_feature_flags_user_id_fkey",
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
        "user_feature_flags",
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
        Column("flag_name", TEXT, nullable=False, comment="Name of the flag"),
        Column(
            "enabled",
            BOOLEAN,
            server_default=text("false"),
            nullable=False,
            comment="Whether the feature is on",
        ),
        Column("reason", TEXT, comment="Why the override was set"),
        Column("set_by", TEXT, comment="Who set it: an admin, the system"),
        Column(
            "expires_at", TIMESTAMPTZ, comment="When it stops to count; never if NULL"
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
        PrimaryKeyConstraint("id", name="user_feature_flags_pkey"),
        UniqueConstraint(
            "user_id", "flag_name", name="user_feature_flags_user_id_flag_name_key"
        ),
        comment="Feature flags overridden for a user, one row a flag",
        schema="public",
    )


def create_indexes() -> None:
    op.create_index(
        "idx_user_feature_flags_expiry",
        "user_feature_flags",
        ["expires_at"],
        postgresql_where=text("expires_at IS NOT NULL"),
        schema="public",
    )
    op.create_index(
        "idx_user_feature_flags_flag",
        "user_feature_flags",
        ["flag_name", "enabled"],
        schema="public",
    )
    op.create_index(
        "idx_user_feature_flags_user",
        "user_feature_flags",
        ["user_id"],
        schema="public",
    )
