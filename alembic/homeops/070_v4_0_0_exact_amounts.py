"""exact amounts

Locks: ACCESS EXCLUSIVE on financial.transactions, moments; the rows of one batch; SHARE
    UPDATE EXCLUSIVE while the new check is validated. Taken without queueing; none grows
    with the table.
Rollback: by hand: applications that rely on exact amounts go back first. A row that nobody
    has changed since gets the very amount that it had.

The type of financial.transactions.amount becomes DECIMAL(15, 2), in the document's five
steps: a second column, batches, a check NOT VALID, its validation, and the exchange of
the names. Sums of DOUBLE PRECISION drift by cents. The old column stays as amount_old.

Revision ID: 070
Revises: 062
"""

from rollout.ops import backfill, change_column_type, revert_column_type, run_sql

revision = "070"
down_revision = "062"
branch_labels = None
depends_on = None
schema_version = "4.0.0"
kind = "schema"
operation = "ALTER"
phase = 3

TABLE = "financial.transactions"

# transactions_old, which 040 keeps, has followed the exact amounts meanwhile.
FOLLOW_BACK = """
    UPDATE financial.transactions_old AS o SET amount = t.amount
    FROM financial.transactions AS t
    WHERE t.id = o.id AND t.id = ANY (:keys)
        AND o.amount IS DISTINCT FROM t.amount
"""

COMMENT = """
    COMMENT ON COLUMN financial.transactions.amount_old IS
        'The amount before it was exact, kept for the way back'
"""


def upgrade() -> None:
    change_column_type(
        TABLE,
        "amount",
        "numeric(15, 2)",
        using="amount::numeric(15, 2)",
        back="amount::double precision",
    )
    run_sql(COMMENT)


def downgrade() -> None:
    revert_column_type(TABLE, "amount")
    backfill("amounts of the old table", source=TABLE, key="id", statement=FOLLOW_BACK)
