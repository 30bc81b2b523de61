"""Rows for the tests of bulk upserts: every kind of column, and values hard to copy."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import (
    Provider,
    SnapshotType,
    TransactionType,
    UserAggregatedHolding,
    UserInvestmentTransaction,
    UserPortfolioSnapshot,
)

LARGEST = Decimal("999999999999999999.99")
NOON = dt.datetime(2026, 7, 1, 12, 30, 15, 123456, dt.timezone(dt.timedelta(hours=-5)))
NASTY = "\\N\ttab\nline\rreturn\\.\\\\ \"quote\" 'it' \u20ac \U0001f4b6 {} %s :x \x02"
SHARE = {
    "account_id": NASTY,
    "quantity": Decimal("0.10000000"),
    "market_value": LARGEST,
    "cost_basis": 7,
}


def transaction(user: uuid.UUID, account: uuid.UUID, **values: Any) -> dict[str, Any]:
    """Return a transaction that a user may have entered."""
    return {
        "user_id": user,
        "account_id": account,
        "provider_transaction_id": "t1",
        "provider": "manual",
        "transaction_type": TransactionType.BUY,
        "transaction_date": dt.date(2026, 7, 1),
        "amount": Decimal("-10.00"),
        **values,
    }


def transactions(user: uuid.UUID, account: uuid.UUID, count: int) -> list[Any]:
    """Return transactions t0, t1, …"""
    return [
        transaction(user, account, provider_transaction_id=f"t{n}", amount=Decimal(n))
        for n in range(count)
    ]


def of_every_kind(user: uuid.UUID, account: uuid.UUID) -> dict[type[Any], list[Any]]:
    """Return rows by model: the outermost values of each type, NULLs among them."""
    return {
        UserInvestmentTransaction: [
            transaction(
                user,
                account,
                provider_transaction_id=NASTY,
                provider=Provider.PLAID,
                transaction_type="dividend",
                transaction_date=dt.date.min,
                settlement_date=dt.date.max,
                quantity=Decimal("-1E-8"),
                price=10**11,
                amount=-LARGEST,
                symbol=NASTY,
                description="",
                raw_transaction_data={"é": [Decimal("1.50"), NASTY, None, True]},
            ),
            transaction(
                str(user),
                account,
                settlement_date=None,
                quantity=Decimal("1E+3"),
                price=None,
                symbol=None,
                description=None,
                raw_transaction_data=None,
            ),
        ],
        UserAggregatedHolding: [
            {
                "user_id": user,
                "symbol": NASTY,
                "total_market_value": LARGEST,
                "account_contributions": [SHARE, {"account_id": "-0", "quantity": 0}],
                "account_count": 2**31 - 1,
                "price_as_of": NOON,
            }
        ],
        UserPortfolioSnapshot: [
            {
                "user_id": user,
                "snapshot_date": dt.date.max,
                "snapshot_type": SnapshotType.MANUAL,
                "total_gain_loss": Decimal("-0.01"),
                "sector_allocation": {"ü": Decimal("33.333333333333333333333")},
            }
        ],
    }


def expect_every_kind(session: Session, user: uuid.UUID) -> None:
    """See that what ``of_every_kind`` has is in the database, digit by digit."""
    query = sa.select(UserInvestmentTransaction).order_by("transaction_date")
    first, second = session.scalars(query)
    assert first.provider_transaction_id == first.symbol == NASTY
    assert (first.transaction_date, first.settlement_date) == (dt.date.min, dt.date.max)
    assert first.transaction_type is TransactionType.DIVIDEND
    assert str(first.quantity) == "-1E-8"
    assert str(first.price) == "100000000000.00000000"
    assert first.amount == -LARGEST
    assert first.description == ""
    assert first.raw_transaction_data == {"é": [1.5, NASTY, None, True]}
    assert second.user_id == user
    assert second.quantity == 1000
    missing = (second.symbol, second.description, second.raw_transaction_data)
    assert missing == (None, None, None)
    assert (second.price, second.settlement_date, second.fees) == (None, None, 0)
    holding = session.scalars(sa.select(UserAggregatedHolding)).one()
    assert holding.symbol == NASTY
    assert holding.account_contributions[0] == SHARE
    assert str(holding.account_contributions[0]["quantity"]) == "0.10000000"
    assert holding.account_count == 2**31 - 1
    assert holding.price_as_of == NOON
    assert holding.institution_breakdown == {}
    snapshot = session.scalars(sa.select(UserPortfolioSnapshot)).one()
    assert snapshot.snapshot_type is SnapshotType.MANUAL
    assert snapshot.snapshot_date == dt.date.max
    assert snapshot.sector_allocation == {"ü": Decimal("33.333333333333333333333")}
