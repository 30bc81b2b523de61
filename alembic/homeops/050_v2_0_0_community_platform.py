"""community platform

Locks: SHARE ROW EXCLUSIVE on core.users and financial.accounts, each for a
    moment, while the foreign keys are added: writes there stop. Taken without queueing.
    The new tables are not yet in use.
Rollback: automatic. Parks the tables with every row; the next upgrade restores them.

Marketplace, revenue sharing, and what people write. Money is exact: a line is its price
times its quantity, the shares of an offer are 100 %, and what creators earn by a line is
what the fee leaves of it. Those who sell need not be of this household; who buys is.
What people write is looked at by an administrator before others see it. What policies
cannot say, as they see one row only, triggers do: a paid order stays as it was paid, and
an administrator decides on a post without changing a word of it.

Revision ID: 050
Revises: 040
"""

from alembic import op

from rollout.ops import (
    add_foreign_key,
    grant_only,
    make_tables,
    park_function,
    park_tables,
    restore_function,
    run_sql,
    sql_file,
)

revision = "050"
down_revision = "040"
branch_labels = None
depends_on = None
schema_version = "2.0.0"
version_note = "2.0.0 is the product's release of the marketplace; nothing breaks"
kind = "schema"
phase = 3

SCHEMA = "marketplace"

FUNCTIONS = {
    "shares_add_up": (
        "private.shares_add_up()",
        {},
        "Trigger: the shares of an offer are 100 % in all, or there are none",
    ),
    "one_payout": (
        "private.one_payout()",
        {},
        "Trigger: what is in a payout stays in it",
    ),
    "only_changes": (
        "private.only_changes()",
        {},
        "Trigger: lets those columns change that it names, and nothing else",
    ),
    "only_decides": (
        "private.only_decides()",
        {},
        "Trigger: who decides on the offer of somebody else does not change it",
    ),
    "open_order": (
        "private.open_order()",
        {},
        "Trigger: an order changes while it is pending, and takes what is on sale",
    ),
    "made_now": (
        "private.made_now()",
        {},
        "Trigger: what a request puts in was made now",
    ),
    "published": (
        "private.published()",
        {},
        "Trigger: what is shown for the first time is new now, and never again",
    ),
    "only_own_words": (
        "private.only_own_words()",
        {},
        "Trigger: what others answered or reported does not go, nor out of sight",
    ),
    "hide_reported": (
        "private.hide_reported()",
        {},
        "Trigger: hides what several people reported until somebody has looked",
    ),
    "bought_listings": (
        "private.bought_listings()",
        {"authenticated, service_role": "EXECUTE"},
        "Offers that the person of the request has ordered",
    ),
    "is_readable_post": (
        "private.is_readable_post(uuid)",
        {"authenticated, service_role": "EXECUTE"},
        "Whether the request may see a post",
    ),
}

ROWS = "SELECT, INSERT, UPDATE, DELETE"
SERVICE = {"authenticated": "SELECT", "service_role": ROWS}
EVERYBODY = {"authenticated": ROWS, "service_role": ROWS}
CREATORS = "SELECT, INSERT (id, user_id, handle, display_name, bio), UPDATE (display_name, bio)"
REPORTS = "SELECT, INSERT, UPDATE (status, decided_by, decided_at)"

TABLES = {
    "marketplace.creators": {"authenticated": CREATORS, "service_role": ROWS},
    "marketplace.payout_methods": EVERYBODY,
    "marketplace.listings": EVERYBODY,
    "marketplace.revenue_shares": EVERYBODY,
    "marketplace.orders": SERVICE,
    "marketplace.order_lines": SERVICE,
    "marketplace.payouts": SERVICE,
    "marketplace.earnings": SERVICE,
    "marketplace.reviews": EVERYBODY,
    "marketplace.posts": EVERYBODY,
    "marketplace.post_reactions": {
        "authenticated": "SELECT, INSERT, DELETE",
        "service_role": ROWS,
    },
    "marketplace.content_reports": {"authenticated": REPORTS, "service_role": ROWS},
}

# Keys to tables in use.
KEYS = (
    ("fk_creators_user", "marketplace.creators", "user_id", "core.users", "SET NULL"),
    ("fk_payout_methods_account", "marketplace.payout_methods", "account_id", "financial.accounts", "CASCADE"),
    ("fk_orders_buyer", "marketplace.orders", "buyer_id", "core.users", "SET NULL"),
    ("fk_payouts_account", "marketplace.payouts", "account_id", "financial.accounts", "SET NULL"),
    ("fk_reviews_user", "marketplace.reviews", "user_id", "core.users", "CASCADE"),
    ("fk_posts_author", "marketplace.posts", "author_id", "core.users", "SET NULL"),
    ("fk_post_reactions_user", "marketplace.post_reactions", "user_id", "core.users", "CASCADE"),
    ("fk_content_reports_reporter", "marketplace.content_reports", "reporter_id", "core.users", "CASCADE"),
    ("fk_content_reports_decided_by", "marketplace.content_reports", "decided_by", "core.users", "SET NULL"),
)  # fmt: skip


def upgrade() -> None:
    op.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    grant_only(f"SCHEMA {SCHEMA}", {"authenticated": "USAGE", "service_role": "USAGE"})
    for name, (signature, callers, does) in FUNCTIONS.items():
        restore_function(signature)
        run_sql(sql_file(__file__, f"050_{name}.sql"))
        grant_only(f"FUNCTION {signature}", callers)
        run_sql(f"COMMENT ON FUNCTION {signature} IS '{does}'")
    made = make_tables(__file__, TABLES)
    for name, table, column, referenced, on_delete in KEYS:
        if table in made:
            add_foreign_key(
                name, table, [column], referenced, ["id"], on_delete=on_delete
            )


def downgrade() -> None:
    park_tables(TABLES)
    for signature, _, _ in FUNCTIONS.values():
        park_function(signature)
    run_sql(sql_file(__file__, "050_drop_schema.sql"))
