"""media indexes

Locks: SHARE UPDATE EXCLUSIVE on media.viewing_history and media.items while their index
    is built; reads and writes go on.
Rollback: automatic. Drops the indexes; they hold no rows.

For the nightly roll-up, which reads a day of everybody's history, and for looking
through works of one kind by their year.

Revision ID: 021
Revises: 020
"""

from rollout.ops import create_index, drop_index

revision = "021"
down_revision = "020"
branch_labels = None
depends_on = None
schema_version = "1.2.1"
kind = "indexes"
phase = 3


def upgrade() -> None:
    create_index(
        "idx_viewing_history_started", "media.viewing_history", "started_at",
        using="brin",
    )  # fmt: skip
    create_index("idx_items_type_year", "media.items", "type, release_year")


def downgrade() -> None:
    drop_index("media.idx_items_type_year")
    drop_index("media.idx_viewing_history_started")
