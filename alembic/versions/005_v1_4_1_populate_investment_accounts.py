"""populate investment accounts

Locks: SHARE ROW EXCLUSIVE on user_onboarding while the trigger is made, ACCESS EXCLUSIVE
    while it is dropped, each for a moment and taken without queueing. The backfill only
    reads user_onboarding, and takes KEY SHARE on auth.users for one batch.
Rollback: automatic. Removes what the backfill wrote and nobody has touched since (the
    next upgrade rebuilds it identically, from the same ids); the rest stays.

A trigger carries over what the old application writes from now on; then the rows that
were there follow in batches. What cannot be carried is in migrations.backfill_rejects.

Revision ID: 005
Revises: 004
"""

from alembic import op

from rollout.ops import backfill, collect, grant_only, lock_tables, run_sql, sql_file

revision = "005"
down_revision = "004"
branch_labels = None
depends_on = None
schema_version = "1.4.1"
kind = "data"
phase = 2

ONBOARDING = "public.user_onboarding"

# Users with several accounts, worked out beforehand: which one is the primary, and which
# rows are the same account again. The other users need no row here.
SIBLINGS = """
    CREATE TABLE IF NOT EXISTS migrations.onboarding_siblings (
        id UUID CONSTRAINT onboarding_siblings_pkey PRIMARY KEY,
        is_primary BOOLEAN NOT NULL,
        is_duplicate BOOLEAN NOT NULL
    )
"""
SIBLING_COLUMNS = "id, is_primary, is_duplicate"
FIND_SIBLINGS = """
    SELECT id,
        row_number() OVER (
            PARTITION BY user_id ORDER BY is_active DESC, created_at, id
        ) = 1 AS is_primary,
        row_number() OVER (
            PARTITION BY user_id, provider_account_id
            ORDER BY is_active DESC, created_at, id
        ) > 1 AS is_duplicate
    FROM migrations.onboarding_accounts
    WHERE provider_account_id IS NOT NULL AND user_id IN (
        SELECT user_id FROM migrations.onboarding_accounts
        WHERE provider_account_id IS NOT NULL
        GROUP BY user_id HAVING count(*) > 1
    )
"""
TRIGGER = """
    CREATE OR REPLACE TRIGGER sync_investment_account
        AFTER INSERT OR UPDATE OF user_id, alpaca_account_id, alpaca_account_number,
            alpaca_account_status
        ON public.user_onboarding FOR EACH ROW
        WHEN (
            NEW.alpaca_account_id IS NOT NULL OR NEW.alpaca_account_number IS NOT NULL
        )
        EXECUTE FUNCTION migrations.sync_onboarding()
"""
# A reject whose row was carried after all, by a later write. A busy one may have come
# since they were tried again, and the next write settles it.
SETTLED = """
    DELETE FROM migrations.backfill_rejects AS r
    WHERE r.revision = '005' AND r.source_table = 'public.user_onboarding'
        AND r.reason NOT LIKE 'busy:%' AND EXISTS (
            SELECT FROM public.user_investment_accounts AS a
            WHERE a.id = r.source_id::uuid
        )
"""
RETRY_BUSY = """
    DO $retry$
    BEGIN
        PERFORM migrations.sync_account(r.source_id::uuid)
        FROM migrations.backfill_rejects AS r WHERE r.reason LIKE 'busy:%';
    END
    $retry$
"""
FUNCTIONS = (
    "is_aggregated(uuid)",
    "carry_accounts(uuid[], boolean)",
    "sync_account(uuid)",
    "sync_onboarding()",
)


def upgrade() -> None:
    run_sql(sql_file(__file__, "005_onboarding_accounts.sql"))
    op.execute(SIBLINGS)
    op.execute("DELETE FROM migrations.onboarding_siblings")
    for function in FUNCTIONS:
        name = function.partition("(")[0]
        run_sql(sql_file(__file__, f"005_{name}.sql"))
        grant_only(f"FUNCTION migrations.{function}", {})
    lock_tables(ONBOARDING, mode="SHARE ROW EXCLUSIVE")
    op.execute(TRIGGER)

    collect("migrations.onboarding_siblings", SIBLING_COLUMNS, FIND_SIBLINGS)
    backfill(
        "investment accounts",
        source=ONBOARDING,
        key="id",
        statement="SELECT migrations.carry_accounts(:keys, true)",
        reject_row="to_jsonb(source) - 'onboarding_data'",
    )
    run_sql(RETRY_BUSY)
    run_sql(SETTLED)
    op.execute("DELETE FROM migrations.onboarding_siblings")


def downgrade() -> None:
    run_sql(sql_file(__file__, "005_take_back_accounts.sql"))
    grant_only("FUNCTION migrations.take_back_accounts(uuid[])", {})
    op.execute("DELETE FROM migrations.onboarding_siblings")
    lock_tables(ONBOARDING)
    op.execute(
        "DROP TRIGGER IF EXISTS sync_investment_account ON public.user_onboarding"
    )

    collect("migrations.onboarding_siblings", SIBLING_COLUMNS, FIND_SIBLINGS)
    backfill(
        "taking investment accounts back",
        source="public.user_investment_accounts",
        key="id",
        statement="SELECT migrations.take_back_accounts(:keys)",
    )
    op.execute("DELETE FROM migrations.backfill_rejects WHERE revision = '005'")
    op.execute("DROP FUNCTION migrations.take_back_accounts(uuid[])")
    for function in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION migrations.{function}")
    op.execute("DROP VIEW migrations.onboarding_accounts")
    lock_tables("migrations.onboarding_siblings")  # autovacuum may be at it
    op.execute("DROP TABLE migrations.onboarding_siblings")
