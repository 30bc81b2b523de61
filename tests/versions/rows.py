"""Rows to migrate: the old application's, as bad as they come, and the new tables'."""

import uuid
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tests.versions.database import Database

SOME_DAY = "2024-02-29 12:34:56.789012+00"
LATER = "2024-03-01 01:02:03.000004+00"


def onboarding(
    database: Database,
    user: UUID | None,
    account: str | None = None,
    status: str | None = "ACTIVE",
    **values: Any,
) -> UUID:
    """A row of the old application's; returns its id."""
    row: dict[str, Any] = {
        "id": uuid.uuid4(),
        "user_id": user,
        "alpaca_account_id": account,
        "alpaca_account_status": status,
        "created_at": SOME_DAY,
        "updated_at": LATER,
        **values,
    }
    id_: UUID = database.insert("public.user_onboarding", **row)
    return id_


def legacy(database: Database) -> list[UUID]:
    """Good rows and bad ones; returns the users."""
    users = [database.user() for _ in range(8)]
    onboarding(database, users[0], "a-0")
    onboarding(database, users[1], None, "submitted ", alpaca_account_number="n-1")
    onboarding(database, users[2], "  ", "PENDING", alpaca_account_number="n-2")
    onboarding(database, users[3], "", "ACTIVE", alpaca_account_number=" ")
    onboarding(database, users[4], "a-4", "ACTIVE")
    onboarding(database, users[4], "a-4", "ACTIVE", created_at=LATER)
    onboarding(database, users[5], "a-5-closed", "ACCOUNT_CLOSED")
    onboarding(database, users[5], "a-5-open", "ACTIVE", created_at=LATER)
    onboarding(database, users[6], "a-6", None)
    onboarding(database, users[7], None, None)
    onboarding(database, None, "a-nobody")
    return users


NEW_ROWS: dict[str, Sequence[dict[str, Any]]] = {
    "user_investment_accounts": (
        {"provider": "plaid", "provider_account_id": "p", "institution_name": "Bank",
         "account_type": "ira", "created_at": SOME_DAY, "updated_at": LATER},
        {"provider": "manual", "provider_account_id": "m", "institution_name": "Bank",
         "account_type": "529"},
    ),
    "user_aggregated_holdings": (
        {"symbol": "VTI", "data_source": "plaid", "total_quantity": "1.00000001"},
        {"symbol": "GOLD", "data_source": "manual", "account_contributions": "[1]"},
    ),
    "user_portfolio_snapshots": (
        {"snapshot_date": "2024-01-01", "snapshot_type": "daily", "total_value": "7"},
        {"snapshot_date": "2024-01-02", "snapshot_type": "manual"},
    ),
    "user_investment_transactions": (
        {"provider_transaction_id": "p", "provider": "plaid", "transaction_type": "buy",
         "transaction_date": "2024-01-01", "amount": "-1.50", "symbol": "VTI"},
        {"provider_transaction_id": "m", "provider": "manual",
         "transaction_type": "split", "transaction_date": "2024-01-02", "amount": "0"},
    ),
    "user_feature_flags": (
        {"flag_name": "aggregation", "enabled": True, "updated_at": SOME_DAY},
        {"flag_name": "dark mode"},
    ),
}  # fmt: skip
"""Per table two rows: one that a provider or the system wrote, one by hand."""


def fill_new_tables(database: Database, user: UUID) -> None:
    """Put both rows of ``user`` into those of the new tables that are there."""
    for table, rows in NEW_ROWS.items():
        if database.value("SELECT to_regclass(%s) IS NULL", f"public.{table}"):
            continue
        for row in rows:
            database.insert(f"public.{table}", **owned(database, table, row, user))


def owned(
    database: Database, table: str, row: dict[str, Any], user: UUID
) -> dict[str, Any]:
    """``row`` as one of ``user``'s, booked on an account of that user's."""
    mine = {"user_id": user, **row}
    if table == "user_investment_transactions":
        account = "SELECT id FROM public.user_investment_accounts WHERE user_id = %s"
        mine["account_id"] = database.rows(f"{account} ORDER BY provider", user)[0][0]
    return mine
