"""The same models under each driver: written and read, exact."""

import asyncio
import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from models import (
    SnapshotType,
    TransactionType,
    UserAggregatedHolding,
    UserInvestmentTransaction,
    UserPersonalization,
    UserPortfolioSnapshot,
)
from tests.models.conftest import new_account

LARGEST = Decimal("999999999999999999.99")
NOW = dt.datetime(2026, 7, 1, 12, 30, 15, 123456, tzinfo=dt.UTC)
SHARE = {
    "account_id": "a",
    "quantity": Decimal("0.10000000"),
    "market_value": LARGEST,
    "cost_basis": 7,
}


def write_and_read(session: Session, user):
    """Save one row of each kind of column; read them all back, and compare."""
    account = new_account(user, last_synced=NOW, access_token_encrypted="t€")
    account.raw_account_data = {"ü": [1.5, None]}
    account.transactions.append(
        UserInvestmentTransaction(
            provider_transaction_id="1",
            provider="manual",
            transaction_type=TransactionType.SELL,
            transaction_date=dt.date(2026, 7, 1),
            amount=-LARGEST,
        )
    )
    holding = UserAggregatedHolding(
        user_id=user, symbol="VTI", total_market_value=LARGEST
    )
    holding.account_contributions = [SHARE]
    snapshot = UserPortfolioSnapshot(
        user_id=user, snapshot_date=dt.date.max, snapshot_type=SnapshotType.MANUAL
    )
    person = UserPersonalization(id=user, investment_goals=["home", "ä"])
    session.add_all([account, holding, snapshot, person])
    session.commit()
    session.expunge_all()

    transaction = session.scalars(sa.select(UserInvestmentTransaction)).one()
    assert transaction.amount == -LARGEST
    assert transaction.transaction_type is TransactionType.SELL
    assert transaction.fees == 0
    assert transaction.account.last_synced == NOW
    assert transaction.account.last_synced.tzinfo is dt.UTC
    assert transaction.account.raw_account_data == {"ü": [1.5, None]}
    assert transaction.account.access_token_encrypted == "t€"
    holding = session.scalars(sa.select(UserAggregatedHolding)).one()
    assert holding.account_contributions == [SHARE]
    assert holding.institution_breakdown == {}
    snapshot = session.scalars(sa.select(UserPortfolioSnapshot)).one()
    assert snapshot.snapshot_type is SnapshotType.MANUAL
    assert snapshot.snapshot_date == dt.date.max
    person = session.get_one(UserPersonalization, user)
    assert person.investment_goals == ["home", "ä"]


@pytest.mark.parametrize("drivername", ["postgresql+psycopg2", "postgresql+psycopg"])
def test_models_work_under(drivername, url, alice):
    engine = sa.create_engine(url.set(drivername=drivername), poolclass=sa.NullPool)
    with Session(engine) as session:
        write_and_read(session, alice)


@pytest.mark.parametrize(
    "drivername", ["postgresql+asyncpg", "postgresql+psycopg_async"]
)
def test_models_work_asynchronously_under(drivername, url, alice):
    async def main() -> None:
        here = url.set(drivername=drivername)
        engine = create_async_engine(here, poolclass=sa.NullPool)
        async with AsyncSession(engine) as session:
            await session.run_sync(write_and_read, alice)

    asyncio.run(main())
