"""HomeOps: whose each row is, said apart from the policies, and who tries.

A rule is a condition on a row. {me} is the person's id, {member} whether the household
lists and keeps the person, {admin} whether as an administrator. What has no rule is not
granted at all.
"""

from dataclasses import dataclass

from models.homeops import metadata
from seeds.homeops import DEV
from tests.isolation.equivalent import Equivalent
from tests.isolation.history import OTHER, Actor, History
from tests.isolation.mutant import Mutant
from tests.isolation.policy import DENIED

ADMIN, USER = (person.key("user") for person in DEV)
GONE = OTHER
"""Was a member: still in the list, no longer active; has rows."""
STRANGER = "57a29e00-0000-4000-8000-000000000004"
"""Has an account in the Supabase project, and none in the household."""


@dataclass(frozen=True)
class Rules:
    """Which rows may be read, put in, changed, changed into, removed.

    ``columns`` can be changed, where not all can; ``insert_columns`` put in. ``also``
    is what rules of other tables ask of a row of this one.
    """

    read: str | None
    insert: str | None = None
    update: str | None = None
    becomes: str | None = None
    delete: str | None = None
    columns: tuple[str, ...] = ()
    insert_columns: tuple[str, ...] = ()
    also: str = "true"


def all_of(rule: str, insert: str | None = None) -> Rules:
    """Everything with rows of one's own; ``insert`` where more is asked of new ones."""
    return Rules(rule, insert or rule, rule, insert or rule, rule)


def under_admins(read: str = "{member}") -> Rules:
    """Shared: members read, administrators write."""
    return Rules(read, "{admin}", "{admin}", "{admin}", "{admin}")


MINE = "user_id = {me}"
MEMBERS = Rules("{member}")
ACCOUNT = "account_id IN (SELECT id FROM financial.accounts WHERE user_id = {me})"
PORTFOLIO = "portfolio_id IN (SELECT id FROM financial.portfolios WHERE user_id = {me})"
WALLET = f"wallet_id IN (SELECT id FROM financial.crypto_wallets WHERE {ACCOUNT})"
MY_LIBRARY = "library_id IN (SELECT id FROM media.libraries WHERE user_id = {me})"
LIBRARIES = "user_id = {me} OR (is_shared AND {member})"
A_LIBRARY = f"library_id IN (SELECT id FROM media.libraries WHERE {LIBRARIES})"
AN_ITEM = f"item_id IN (SELECT id FROM media.items WHERE {A_LIBRARY})"
MY_ITEM = f"item_id IN (SELECT id FROM media.items WHERE {MY_LIBRARY})"
SESSION = "session_id IN (SELECT id FROM media.viewing_history WHERE user_id = {me})"
RUN = "run_id IN (SELECT id FROM media.recommendation_runs WHERE user_id = {me})"
ALERT = "alert_id IN (SELECT id FROM financial.trading_alerts WHERE user_id = {me})"
CREATOR = "SELECT id FROM marketplace.creators WHERE user_id = {me} AND {member}"
CREATOR = f"creator_id IN ({CREATOR})"
MY_OFFER = f"listing_id IN (SELECT id FROM marketplace.listings WHERE {CREATOR})"
ORDERS = "SELECT id FROM marketplace.orders WHERE buyer_id = {me}"
BOUGHT = f"SELECT listing_id FROM marketplace.order_lines WHERE order_id IN ({ORDERS})"
PAID = BOUGHT.replace("{me}", "{me} AND status = 'paid'")
OFFERS = f"(status = 'published' AND {{member}}) OR {CREATOR} OR id IN ({BOUGHT})"
OFFERS += " OR {admin}"
POSTS = "(status = 'visible' AND {member}) OR author_id = {me}"
POSTS += " OR (status <> 'draft' AND {admin})"
REVIEWS = "(status = 'visible' AND {member}) OR user_id = {me} OR {admin}"


def none_or(column: str, table: str, rule: str) -> str:
    """Refers to nothing, or to what the person sees."""
    return f"({column} IS NULL OR {column} IN (SELECT id FROM {table} WHERE {rule}))"


A_POST = f"post_id IN (SELECT id FROM marketplace.posts WHERE {POSTS})"
WRITTEN = (
    "author_id = {me} AND status IN ('draft', 'pending') AND "
    + none_or("listing_id", "marketplace.listings", OFFERS)
    + " AND "
    + none_or("parent_id", "marketplace.posts", POSTS)
)
REVIEWED = f"user_id = {{me}} AND status = 'pending' AND listing_id IN ({PAID})"
OFFERED = f"{CREATOR} AND status IN ('draft', 'in_review')"
FORECASTS = "user_id = {me} OR (user_id IS NULL AND {member})"

RULES = {
    "core.system_config": under_admins(
        "CASE WHEN category = 'security' THEN {admin} ELSE {member} END"
    ),
    "core.users": Rules(
        "{member}",
        update="id = {me} AND {member}",
        columns=("full_name",),
    ),
    "financial.accounts": all_of(MINE),
    "financial.institutions": MEMBERS,
    "financial.positions": all_of(ACCOUNT),
    "financial.transactions_old": Rules(None),
    "financial.transactions": all_of(ACCOUNT),
    "financial.crypto_assets": MEMBERS,
    "financial.crypto_wallets": all_of(ACCOUNT),
    "financial.crypto_positions": all_of(
        WALLET,
        f"{WALLET} AND asset_id IN (SELECT id FROM financial.crypto_assets "
        "WHERE {member})",
    ),
    "financial.crypto_movements": all_of(
        WALLET,
        f"{WALLET} AND asset_id IN (SELECT id FROM financial.crypto_assets "
        "WHERE {member})",
    ),
    "financial.portfolios": all_of(MINE),
    "financial.portfolio_accounts": all_of(PORTFOLIO, f"{PORTFOLIO} AND {ACCOUNT}"),
    "financial.portfolio_targets": all_of(PORTFOLIO),
    "financial.portfolio_valuations": Rules(PORTFOLIO),
    "financial.price_quotes": MEMBERS,
    "financial.trading_alerts": all_of(
        MINE, f"{MINE} AND (account_id IS NULL OR {ACCOUNT})"
    ),
    "financial.trading_alert_events": Rules(
        ALERT, update=ALERT, columns=("acknowledged_at",)
    ),
    "media.libraries": Rules(LIBRARIES, MINE, MINE, MINE, MINE),
    "media.items": Rules(A_LIBRARY, MY_LIBRARY, MY_LIBRARY, MY_LIBRARY, MY_LIBRARY),
    "media.viewing_history": all_of(MINE, f"{MINE} AND {AN_ITEM}"),
    "media.genres": under_admins(),
    "media.moods": under_admins(),
    "media.item_feedback": all_of(MINE, f"{MINE} AND {AN_ITEM}"),
    "media.item_genres": Rules(
        AN_ITEM, insert=f"{MY_ITEM} AND source = 'person'", delete=MY_ITEM
    ),
    "media.item_similarities": Rules(f"{AN_ITEM} AND similar_{AN_ITEM}"),
    "media.playback_events": Rules(SESSION, insert=SESSION),
    "media.playback_positions": all_of(MINE, f"{MINE} AND {AN_ITEM}"),
    "media.recommendation_runs": Rules(MINE),
    "media.recommendations": Rules(
        RUN, update=RUN, columns=("shown_at", "opened_at", "dismissed_at")
    ),
    "media.track_analyses": Rules(AN_ITEM),
    "media.viewing_days": Rules(MINE),
    "smart_home.devices": under_admins(),
    "smart_home.rooms": under_admins(),
    "smart_home.device_readings": MEMBERS,
    "smart_home.automations": under_admins(),
    "smart_home.automation_runs": MEMBERS,
    "smart_home.device_actions": MEMBERS,
    "smart_home.device_faults": Rules(
        "{member}",
        insert="{member} AND reported_by = {me}",
        update="{admin} OR ({member} AND reported_by = {me})",
        columns=("severity", "description", "resolved_at", "resolution"),
    ),
    "smart_home.device_warranties": under_admins(),
    "smart_home.energy_budgets": under_admins(),
    "smart_home.energy_days": MEMBERS,
    "smart_home.energy_readings": MEMBERS,
    "smart_home.learned_patterns": Rules(
        "{member}",
        update="{admin} AND status = 'suggested'",
        becomes="{admin} AND status IN ('accepted', 'rejected') AND decided_by = {me}",
        columns=("status", "automation_id", "decided_by", "decided_at"),
    ),
    "smart_home.maintenance_plans": under_admins(),
    "smart_home.maintenance_records": Rules(
        "{member}", insert="{member} AND (done_by = {me} OR {admin})"
    ),
    "smart_home.tariffs": under_admins(),
    "smart_home.tariff_rates": under_admins(),
    "marketplace.creators": Rules(
        "{member}",
        insert="user_id = {me} AND {member}",
        update=MINE,
        columns=("display_name", "bio"),
        insert_columns=("id", "user_id", "handle", "display_name", "bio"),
    ),
    "marketplace.payout_methods": all_of(CREATOR, f"{CREATOR} AND {ACCOUNT}"),
    "marketplace.listings": Rules(
        OFFERS,
        insert=OFFERED,
        update=f"{CREATOR} OR {{admin}}",
        becomes=f"({CREATOR} AND status IN ('draft', 'in_review', 'withdrawn'))"
        " OR {admin}",
        delete=CREATOR,
        also=f"id IN ({PAID})",
    ),
    "marketplace.revenue_shares": Rules(
        f"{CREATOR} OR {MY_OFFER}", MY_OFFER, MY_OFFER, MY_OFFER, MY_OFFER
    ),
    "marketplace.orders": Rules("buyer_id = {me}", also="status = 'paid'"),
    "marketplace.order_lines": Rules(
        f"order_id IN ({ORDERS})",
        also="order_id IN (SELECT id FROM marketplace.orders WHERE status = 'paid')",
    ),
    "marketplace.payouts": Rules(CREATOR),
    "marketplace.earnings": Rules(CREATOR),
    "marketplace.reviews": Rules(
        REVIEWS,
        insert=REVIEWED,
        update="user_id = {me} OR {admin}",
        becomes=f"({REVIEWED}) OR {{admin}}",
        delete=MINE,
    ),
    "marketplace.posts": Rules(
        POSTS,
        insert=f"{WRITTEN} AND {{member}}",
        update="author_id = {me} OR (status <> 'draft' AND {admin})",
        becomes=f"({WRITTEN}) OR {{admin}}",
        delete="author_id = {me}",
    ),
    "marketplace.post_reactions": Rules(
        A_POST, insert=f"{MINE} AND {A_POST}", delete=MINE
    ),
    "marketplace.content_reports": Rules(
        "reporter_id = {me} OR {admin}",
        insert="reporter_id = {me} AND status = 'open' AND decided_by IS NULL AND "
        + none_or("post_id", "marketplace.posts", POSTS)
        + " AND "
        + none_or("review_id", "marketplace.reviews", REVIEWS)
        + " AND "
        + none_or("listing_id", "marketplace.listings", OFFERS),
        update="{admin}",
        becomes="{admin} AND decided_by = {me}",
        columns=("status", "decided_by", "decided_at"),
    ),
    "ai.embedding_models": MEMBERS,
    "ai.conversations": all_of(MINE),
    "ai.messages": all_of(MINE),
    "ai.message_embeddings": Rules(MINE),
    "ai.item_embeddings": Rules(AN_ITEM),
    "ai.prediction_models": MEMBERS,
    "ai.forecasts": Rules(FORECASTS),
    "ai.forecast_points": Rules(
        f"forecast_id IN (SELECT id FROM ai.forecasts WHERE {FORECASTS})"
    ),
    "ai.forecast_accuracies": MEMBERS,
}
HIDDEN = {
    "core.users": "password_hash",
    "financial.institutions": "api_config",
}
"""Columns that nobody reads by the API: what has one, is not read whole."""

API = frozenset({"authenticated", "service_role"})
SERVICE = frozenset({"service_role"})
FUNCTIONS = {
    **dict.fromkeys(
        (
            "private.is_member()",
            "private.is_admin()",
            "private.bought_listings()",
            "private.is_readable_post(uuid)",
            "financial.recount_crypto_wallet(uuid)",
            "ai.similar_items(uuid,integer,text)",
            "ai.similar_messages(real[],integer,text,integer)",
        ),
        API,
    ),
    **dict.fromkeys(
        (
            "core.record_counts()",
            "core.validate_data_integrity()",
            "financial.fire_trading_alerts(timestamp with time zone)",
            "financial.value_portfolios(date)",
            "media.roll_up_viewing(date)",
            "smart_home.roll_up_energy(date)",
            "smart_home.learn_patterns(date)",
            "marketplace.settle_order(uuid)",
            "marketplace.refund_order(uuid)",
            "marketplace.make_payouts(timestamp with time zone)",
            "ai.measure_forecasts()",
        ),
        SERVICE,
    ),
    **dict.fromkeys(("auth.jwt()", "auth.role()", "auth.uid()"), API | {"anon"}),
}


def signed_in(person: object, **more: object) -> Actor:
    return Actor("authenticated", {"sub": str(person), "role": "authenticated"} | more)


ACTORS = {
    "administrator": signed_in(ADMIN),
    "member": signed_in(USER),
    "former member": signed_in(GONE),
    "stranger": signed_in(STRANGER),
    "forged admin": signed_in(
        STRANGER, app_metadata={"role": "admin"}, user_metadata={"role": "admin"}
    ),
    "no claims": Actor("authenticated", None),
    "anon": Actor("anon", {"role": "anon"}),
    "service_role": Actor("service_role", {"role": "service_role"}),
}
MEMBER = ("administrator", "member")
ADMINS = ("administrator",)

HOMEOPS = History(
    metadata=metadata,
    relations={},
    closed_schemas=frozenset({"migrations", "parked"}),
    functions=FUNCTIONS,
    by_hand={},
    actors=ACTORS,
    passer_by=Actor("anon", {"sub": str(ADMIN), "role": "authenticated"}),
    open_schemas={
        **dict.fromkeys({name.partition(".")[0] for name in RULES} | {"private"}, API),
        **dict.fromkeys(("auth", "public"), API | {"anon"}),
    },
    tenant="nobody's column",
    kinds={"closed": dict.fromkeys(ACTORS, DENIED)},
    declared_in="tests/isolation/household.py",
)

ASKED = "it is about the person, not the row, and USING has asked it already"
EQUIVALENT = (
    Equivalent(
        (
            "core.system_config", "media.genres", "media.moods",
            "smart_home.automations", "smart_home.device_warranties",
            "smart_home.devices", "smart_home.energy_budgets",
            "smart_home.maintenance_plans", "smart_home.rooms",
            "smart_home.tariff_rates", "smart_home.tariffs",
        ),
        r'policy "Admins change .*": WITH CHECK \(true\)',
        ASKED,
    ),
    Equivalent(
        ("marketplace.content_reports",),
        r'policy "Administrators decide reports": WITH CHECK '
        r"\(\(\( SELECT auth\.uid\(\) AS uid\) = decided_by\)\)",
        ASKED,
    ),
    Equivalent(
        ("smart_home.learned_patterns",),
        r'policy "Admins decide on patterns": WITH CHECK \(\(status = .*',
        ASKED,
    ),
    Equivalent(
        (
            "core.users", "financial.trading_alert_events", "marketplace.creators",
            "media.recommendations", "smart_home.device_faults",
        ),
        r'policy "(Users change their own name|Users mark .*|Reporters and .*'
        r'|Creators change .*)": WITH CHECK \(true\)',
        "the columns that it speaks of cannot be changed, and USING has asked already",
    ),
    Equivalent(
        ("marketplace.creators",),
        r'policy "Members become creators": WITH CHECK '
        r"\(\(\( SELECT auth\.uid\(\) AS uid\) = user_id\) AND \( SELECT .*",
        "without the status: that cannot be given, and is active by default",
    ),
    Equivalent(
        ("core.users", "financial.institutions"),
        r'GRANT SELECT \("id"\) TO authenticated',
        "it is granted already",
    ),
    Equivalent(
        ("marketplace.creators",),
        r'GRANT INSERT \("id"\) TO authenticated',
        "it is granted already",
    ),
)  # fmt: skip


def reason(mutant: Mutant) -> str | None:
    """Why nobody needs to notice ``mutant``; None if somebody should."""
    found = [line.reason for line in EQUIVALENT if line.covers(mutant)]
    return found[0] if found else None
