"""A provider's rows for the ingest bench: what a sync of many accounts brings."""

import datetime as dt
import random
import uuid
from decimal import Decimal
from typing import Any

from models import TransactionType, UserAggregatedHolding, UserInvestmentTransaction
from models.base import Base

ROWS_A_USER = 100
SYMBOLS = [f"SYM{number}" for number in range(500)]
KINDS = list(TransactionType)
NOW = dt.datetime(2026, 6, 30, 16, 0, tzinfo=dt.UTC)

Rows = list[dict[str, Any]]


def owners(count: int) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Return users and the account of each, enough for ``count`` rows."""
    chance = random.Random(1)
    users = -(-count // ROWS_A_USER)
    return [(_id(chance), _id(chance)) for _ in range(users)]


def _id(chance: random.Random) -> uuid.UUID:
    return uuid.UUID(int=chance.getrandbits(128), version=4)


def _cents(chance: random.Random, top: int) -> Decimal:
    return Decimal(chance.randrange(1, top)) / 100


def transactions(count: int) -> Rows:
    """Return transactions, by account and then in the provider's order."""
    chance = random.Random(2)
    return [
        _transaction(chance, user, account, number)
        for user, account in owners(count)
        for number in range(ROWS_A_USER)
    ][:count]


def _transaction(
    chance: random.Random, user: uuid.UUID, account: uuid.UUID, number: int
) -> dict[str, Any]:
    symbol = chance.choice(SYMBOLS) if chance.random() < 0.8 else None
    day = dt.date(2026, 6, 30) - dt.timedelta(days=chance.randrange(1500))
    name = f"{symbol or 'Cash'} Incorporated, class A"
    return {
        "user_id": user,
        "account_id": account,
        "provider_transaction_id": f"{chance.getrandbits(148):037x}",
        "provider": "plaid",
        "symbol": symbol,
        "security_name": name,
        "security_type": "equity" if symbol else "cash",
        "transaction_type": chance.choice(KINDS),
        "transaction_date": day,
        "quantity": Decimal(chance.randrange(1, 10**10)) / 10**8,
        "price": _cents(chance, 100_000),
        "amount": -_cents(chance, 10_000_000),
        "fees": _cents(chance, 1_000),
        "currency_code": "USD",
        "description": f"BUY {name} to open",
        "raw_transaction_data": {
            "investment_transaction_id": f"{chance.getrandbits(148):037x}",
            "date": day.isoformat(),
            "name": f"BUY {name}",
            "amount": "1234.56",
            "type": "buy",
            "subtype": "buy",
            "cancel_transaction_id": None,
        },
    }


def holdings(count: int) -> Rows:
    """Return holdings, a hundred of a user."""
    chance = random.Random(3)
    return [
        _holding(chance, user, account, symbol)
        for user, account in owners(count)
        for symbol in chance.sample(SYMBOLS, ROWS_A_USER)
    ][:count]


def _holding(
    chance: random.Random, user: uuid.UUID, account: uuid.UUID, symbol: str
) -> dict[str, Any]:
    quantity, value = Decimal(chance.randrange(1, 10**6)), _cents(chance, 10**8)
    return {
        "user_id": user,
        "symbol": symbol,
        "security_name": f"{symbol} Incorporated",
        "security_type": "equity",
        "total_quantity": quantity,
        "total_market_value": value,
        "total_cost_basis": _cents(chance, 10**8),
        "unrealized_gain_loss": _cents(chance, 10**6),
        "day_change_value": _cents(chance, 10**5),
        "account_contributions": [
            {
                "account_id": str(account),
                "quantity": quantity,
                "market_value": value,
                "cost_basis": value,
            }
        ],
        "institution_breakdown": {"Broker": {"quantity": quantity, "value": value}},
        "price_as_of": NOW,
        "data_source": "plaid",
    }


def changed(rows: Rows, column: str) -> Rows:
    """Return the same rows, each with another value in ``column``."""
    return [{**row, column: row[column] + 1} for row in rows]


TABLES: dict[str, tuple[type[Base], Any, str]] = {
    "transactions": (UserInvestmentTransaction, transactions, "amount"),
    "holdings": (UserAggregatedHolding, holdings, "total_market_value"),
}
"""By name: the model, its rows, and the column that changes."""
