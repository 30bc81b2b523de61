"""performance indexes

Locks: SHARE UPDATE EXCLUSIVE on each table while its indexes are built; reads and writes
    go on: core.system_config, financial.accounts, financial.transactions,
    financial.positions, media.items, smart_home.devices.
Rollback: automatic. Drops the indexes; they hold no rows.

Revision ID: 004
Revises: 003
"""

from rollout.ops import autocommit, create_index, drop_index
from rollout.ops.found import execute_found

revision = "004"
down_revision = "003"
branch_labels = None
depends_on = None
schema_version = "1.0.3"
kind = "indexes"
phase = 3

INDEXES = (
    ("idx_system_config_category", "core.system_config", "category", None),
    ("idx_accounts_user_type", "financial.accounts", "user_id, account_type", None),
    (
        "idx_transactions_account_category",
        "financial.transactions",
        "account_id, category, transaction_date DESC",
        "category IS NOT NULL",
    ),
    ("idx_transactions_pending", "financial.transactions", "account_id", "is_pending"),
    ("idx_positions_symbol", "financial.positions", "symbol", None),
    ("idx_items_library_title", "media.items", "library_id, title", None),
    ("idx_items_creator", "media.items", "creator", "creator IS NOT NULL"),
    (
        "idx_devices_trouble",
        "smart_home.devices",
        "status",
        "status IN ('offline', 'error')",
    ),
)

# Only where there is pg_trgm, and wherever its operators are.
TRIGRAMS = "idx_items_title_trigrams"
HALF_BUILT = f"""
    SELECT 'DROP INDEX CONCURRENTLY media.{TRIGRAMS}' FROM pg_catalog.pg_index
    WHERE indexrelid = to_regclass('media.{TRIGRAMS}') AND NOT indisvalid
"""
BUILD = f"""
    SELECT format(
        'CREATE INDEX CONCURRENTLY IF NOT EXISTS {TRIGRAMS} ON media.items '
        'USING gin (title %I.gin_trgm_ops)', n.nspname
    )
    FROM pg_catalog.pg_extension AS e
    JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
    WHERE e.extname = 'pg_trgm' AND to_regclass('media.{TRIGRAMS}') IS NULL
"""


def upgrade() -> None:
    for name, table, columns, where in INDEXES:
        create_index(name, table, columns, where=where)
    with autocommit():
        execute_found(HALF_BUILT)
        execute_found(BUILD)


def downgrade() -> None:
    drop_index(f"media.{TRIGRAMS}")
    for name, table, _, _ in reversed(INDEXES):
        drop_index(f"{table.partition('.')[0]}.{name}")
