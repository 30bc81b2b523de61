"""The portfolio: what its models cannot say about access, and who tries."""

from models import metadata
from tests.isolation.history import OTHER, OWNER, Actor, History

RELATIONS = {
    "public.user_portfolio_legacy": "owner view",
    "public.user_positions_aggregated": "owner view",
    "public.table_sizes": "server view",
    "public.index_usage": "server view",
    "public.migration_progress": "server view",
    "auth.sessions": "reference",
}
BY_HAND = {
    "user_aggregated_holdings": ("data_source", "manual"),
    "user_portfolio_snapshots": ("snapshot_type", "manual"),
    "user_investment_transactions": ("provider", "manual"),
}
API = frozenset({"anon", "authenticated", "service_role"})
FUNCTIONS = {
    "public.validate_migration_integrity()": frozenset({"service_role"}),
    **dict.fromkeys(("auth.jwt()", "auth.role()", "auth.uid()"), API),
}

OTHERS = {"sub": str(OTHER), "role": "authenticated"}
ACTORS = {
    "owner": Actor("authenticated", OTHERS | {"sub": str(OWNER)}),
    "other": Actor("authenticated", OTHERS),
    "forged admin": Actor(
        "authenticated",
        OTHERS | {"user_metadata": {"role": "admin", "is_admin": True}},
    ),
    "no subject": Actor("authenticated", {"role": "authenticated"}),
    "no claims": Actor("authenticated", None),
    "admin": Actor("authenticated", OTHERS | {"app_metadata": {"role": "admin"}}),
    "anon": Actor("anon", {"role": "anon"}),
    "service_role": Actor("service_role", {"role": "service_role"}),
}
EVERY_CLAIM = {"sub": str(OWNER), "app_metadata": {"role": "admin"}}

PLAIN = History(
    metadata=metadata,
    relations=RELATIONS,
    closed_schemas=frozenset({"migrations", "parked"}),
    functions=FUNCTIONS,
    by_hand=BY_HAND,
    actors=ACTORS,
    passer_by=Actor("anon", EVERY_CLAIM),
    open_schemas={"public": API, "auth": API},
    more_rows=(
        "INSERT INTO auth.sessions (id, user_id) "
        f"VALUES (gen_random_uuid(), '{OWNER}'), (gen_random_uuid(), '{OWNER}')",
    ),
)

# tests/fixtures/old_application.sql: what stood there before us is not ours to change.
FOUND = {
    "public.user_onboarding": frozenset({"SELECT", "INSERT", "UPDATE"}),
    "public.user_bank_connections": frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"}),
    "public.user_transfers": frozenset({"SELECT"}),
    "public.user_personalization": frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"}),
}
SUPABASE = History(**{**vars(PLAIN), "found": FOUND})
