"""financial indexes

Locks: SHARE UPDATE EXCLUSIVE on financial.positions and financial.accounts while their
    index is built; reads and writes go on.
Rollback: automatic. Drops the indexes; they hold no rows.

For the pricing service, which takes the positions that were priced longest ago first,
and for the sync, which takes the accounts that were asked longest ago.

Revision ID: 011
Revises: 010
"""

from rollout.ops import create_index, drop_index

revision = "011"
down_revision = "010"
branch_labels = None
depends_on = None
schema_version = "1.1.1"
kind = "indexes"
phase = 3

INDEXES = (
    ("idx_positions_priced", "financial.positions", "priced_at NULLS FIRST", None),
    (
        "idx_accounts_synced",
        "financial.accounts",
        "last_synced_at NULLS FIRST",
        "is_active",
    ),
)


def upgrade() -> None:
    for name, table, columns, where in INDEXES:
        create_index(name, table, columns, where=where)


def downgrade() -> None:
    for name, table, _, _ in reversed(INDEXES):
        drop_index(f"{table.partition('.')[0]}.{name}")
