"""How an application uses the models; checked by mypy --strict, never run.

A line with ``type: ignore`` is a mistake that mypy must find.
"""

import datetime as dt
import uuid
from decimal import Decimal
from typing import assert_type

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Session

from models import (
    Provider,
    UserAggregatedHolding,
    UserInvestmentAccount,
    UserInvestmentTransaction,
    UserPortfolioSnapshot,
)
from models.bulk import Upserted, upsert
from models.json_types import AccountContribution, ProviderBreakdown
from models.tenant import as_service, as_user


def columns(account: UserInvestmentAccount, holding: UserAggregatedHolding) -> None:
    assert_type(account.id, uuid.UUID)
    assert_type(account.provider, Provider)
    assert_type(account.last_synced, dt.datetime | None)
    assert_type(account.transactions, list[UserInvestmentTransaction])
    assert_type(account.transactions[0].account, UserInvestmentAccount)
    assert_type(account.transactions[0].amount, Decimal)
    assert_type(holding.total_quantity, Decimal | None)
    assert_type(holding.account_contributions, list[AccountContribution] | None)
    holding.total_market_value = 1.5  # type: ignore[assignment]
    holding.account_contributions = [{"account_id": "a"}]  # type: ignore[typeddict-item]
    account.provider = "plaid"  # type: ignore[assignment]


def breakdown(snapshot: UserPortfolioSnapshot) -> None:
    assert_type(snapshot.provider_breakdown, ProviderBreakdown | None)
    snapshot.provider_breakdown = {"plaid": {"accounts": 1, "value": Decimal("9.99")}}


def own(session: Session, user: uuid.UUID) -> list[UserInvestmentAccount]:
    with as_user(session, user, claims={"aal": "aal2"}) as same:
        assert_type(same, Session)
        query = select(UserInvestmentAccount).where(
            UserInvestmentAccount.provider == Provider.PLAID
        )
        return list(same.scalars(query))


def all_users(connection: Connection) -> None:
    with as_service(connection) as same:
        assert_type(same, Connection)


async def own_later(session: AsyncSession, user: uuid.UUID) -> None:
    async with as_user(session, user) as same:
        assert_type(same, AsyncSession)
    with as_user(session, user):  # type: ignore[attr-defined]
        pass


async def all_later(connection: AsyncConnection) -> None:
    async with as_service(connection) as same:
        assert_type(same, AsyncConnection)


def ingest(session: Session, objects: list[UserInvestmentTransaction]) -> None:
    assert_type(upsert(session, objects), Upserted)
    rows = [{"user_id": uuid.uuid4(), "symbol": "VTI"}]
    assert_type(upsert(session, rows, UserAggregatedHolding).inserted, int)
    upsert(session, rows, "user_aggregated_holdings")  # type: ignore[call-overload]


async def ingest_later(connection: AsyncConnection, rows: list[dict[str, str]]) -> None:
    counts = await upsert(connection, rows, UserAggregatedHolding)
    assert_type(counts, Upserted)
