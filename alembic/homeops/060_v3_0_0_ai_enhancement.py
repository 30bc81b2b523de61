"""AI enhancement

Locks: SHARE ROW EXCLUSIVE on core.users, financial.accounts, media.items and
    smart_home.devices, each for a moment, while the foreign keys are added: writes there
    stop. Taken without queueing. The new tables are not yet in use.
Rollback: automatic. Parks the tables with every row; the next upgrade restores them. The
    extension stays.

Conversations with the assistant, vectors to find what means the same, and predictions.
Without pgvector 0.8 there is no equivalent, and the revision is refused: a search among
many people's vectors needs scans that go on until enough of one person's are found.

Revision ID: 060
Revises: 052
"""

from alembic import op

from rollout.ops import (
    add_foreign_key,
    create_extension,
    grant_only,
    make_tables,
    park_tables,
    run_sql,
    sql_file,
)

revision = "060"
down_revision = "052"
branch_labels = None
depends_on = None
schema_version = "3.0.0"
version_note = "3.0.0 is the product's release of the assistant; nothing breaks"
kind = "schema"
phase = 3

SCHEMA = "ai"

ROWS = "SELECT, INSERT, UPDATE, DELETE"
SERVICE = {"authenticated": "SELECT", "service_role": ROWS}
EVERYBODY = {"authenticated": ROWS, "service_role": ROWS}
TABLES = {
    "ai.embedding_models": SERVICE,
    "ai.conversations": EVERYBODY,
    "ai.messages": EVERYBODY,
    "ai.message_embeddings": SERVICE,
    "ai.item_embeddings": SERVICE,
    "ai.prediction_models": SERVICE,
    "ai.forecasts": SERVICE,
    "ai.forecast_points": SERVICE,
    "ai.forecast_accuracies": SERVICE,
}

# Keys to tables in use.
KEYS = (
    ("fk_conversations_user", "ai.conversations", "user_id", "core.users", "CASCADE"),
    ("fk_item_embeddings_item", "ai.item_embeddings", "item_id", "media.items", "CASCADE"),
    ("fk_forecasts_user", "ai.forecasts", "user_id", "core.users", "CASCADE"),
    ("fk_forecasts_account", "ai.forecasts", "account_id", "financial.accounts", "CASCADE"),
    ("fk_forecasts_device", "ai.forecasts", "device_id", "smart_home.devices", "CASCADE"),
)  # fmt: skip


def upgrade() -> None:
    create_extension("vector")
    run_sql(sql_file(__file__, "060_check.sql"))
    op.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    grant_only(f"SCHEMA {SCHEMA}", {"authenticated": "USAGE", "service_role": "USAGE"})
    made = make_tables(__file__, TABLES)
    for name, table, column, referenced, on_delete in KEYS:
        if table in made:
            add_foreign_key(
                name, table, [column], referenced, ["id"], on_delete=on_delete
            )


def downgrade() -> None:
    park_tables(TABLES)
    run_sql(sql_file(__file__, "060_drop_schema.sql"))
