"""create migration log

Locks: none on tables in use.
Rollback: automatic. Parks the table with every row; the next upgrade restores it.

Revision ID: 000
Revises: baseline
"""

from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import BOOLEAN, INTEGER, TEXT, TIMESTAMP, UUID

from rollout.ops import grant_only, park_table, restore_table

revision = "000"
down_revision = "baseline"
branch_labels = None
depends_on = None
schema_version = "1.0.0"
kind = "schema"
phase = 1

TABLE = "public.migration_log"

TIMESTAMPTZ = TIMESTAMP(timezone=True)

# Row level security without a policy, and no grant: nobody but the owner.
ENABLE_RLS = "ALTER TABLE public.migration_log ENABLE ROW LEVEL SECURITY"


def upgrade() -> None:
    if restore_table(TABLE):
        return
    create_table()
    create_indexes()
    op.execute(ENABLE_RLS)
    grant_only(TABLE, {})


def downgrade() -> None:
    park_table(TABLE)


def create_table() -> None:
    op.create_table(
        "migration_log",
        Column(
            "id",
            UUID,
            server_default=text("gen_random_uuid()"),
            nullable=False,
            comment="Row id, given by the server",
        ),
        Column(
            "migration_file",
            TEXT,
            nullable=False,
            comment="File of the revision, or the command that ran",
        ),
        Column(
            "operation",
            TEXT,
            nullable=False,
            comment="CREATE, ALTER, INSERT, ROLLBACK or another",
        ),
        Column("description", TEXT, comment="What was done"),
        Column(
            "executed_at",
            TIMESTAMPTZ,
            server_default=text("now()"),
            comment="When it was done",
        ),
        Column(
            "executed_by",
            TEXT,
            server_default=text("CURRENT_USER"),
            comment="Database role that did it",
        ),
        Column("execution_time_ms", INTEGER, comment="Milliseconds"),
        Column(
            "success",
            BOOLEAN,
            server_default=text("true"),
            comment="Whether it succeeded",
        ),
        Column("error_message", TEXT, comment="What went wrong"),
        PrimaryKeyConstraint("id", name="migration_log_pkey"),
        comment="Operations of migrations, failed ones included",
        schema="public",
    )


def create_indexes() -> None:
    op.create_index(
        "idx_migration_log_executed",
        "migration_log",
        [text("executed_at DESC")],
        schema="public",
    )
