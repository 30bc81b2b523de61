"""smart home indexes

Locks: SHARE UPDATE EXCLUSIVE on smart_home.devices while its index is built; reads and
    writes go on.
Rollback: automatic. Drops the index; it holds no rows.

For the energy pages, which begin with the meters, and for rules that are about all
devices of a kind.

Revision ID: 031
Revises: 030
"""

from rollout.ops import create_index, drop_index

revision = "031"
down_revision = "030"
branch_labels = None
depends_on = None
schema_version = "1.3.1"
kind = "indexes"
phase = 3


def upgrade() -> None:
    create_index("idx_devices_type", "smart_home.devices", "type")


def downgrade() -> None:
    drop_index("smart_home.idx_devices_type")
