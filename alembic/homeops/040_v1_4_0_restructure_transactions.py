"""restructure transactions

Locks: SHARE ROW EXCLUSIVE on financial.transactions and on the tables that foreign keys
    join it to, two moments; ACCESS EXCLUSIVE on them, a moment at the end; KEY SHARE on
    the rows of one batch. All taken without queueing; none grows with the table.
Rollback: by hand: see first that nobody writes merchant_category any more. The downgrade
    stops if transactions_old is gone, and otherwise puts it back with every row written
    since; the categories are parked, and the next upgrade brings them back.

The table gets merchant_category by way of a second table, which takes its place once it
has every row. The old one follows it as transactions_old.

Revision ID: 040
Revises: 033
"""

from rollout.ops import restructure_table, revert_restructure, run_sql

revision = "040"
down_revision = "033"
branch_labels = None
depends_on = None
schema_version = "1.4.0"
kind = "schema"
operation = "ALTER"
phase = 3

TABLE = "financial.transactions"

COMMENT = """
    COMMENT ON COLUMN financial.transactions.merchant_category IS
        'What the merchant sells, in the words of the card networks'
"""


def upgrade() -> None:
    restructure_table(TABLE, add_columns=["merchant_category varchar(100)"])
    run_sql(COMMENT)


def downgrade() -> None:
    revert_restructure(TABLE)
