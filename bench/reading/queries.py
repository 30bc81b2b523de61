"""The application's queries, written through the models as it writes them.

Each is a function of the user it is about, for values such as a symbol of theirs. None
names the user: row level security does. ``of`` adds the plain WHERE that takes its
place for the owner of the tables.
"""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, column, func, literal_column, or_, select, table, tuple_

from models import (
    SnapshotType,
    SyncStatus,
    TransactionType,
    UserAggregatedHolding,
    UserFeatureFlag,
    UserInvestmentAccount,
    UserInvestmentTransaction,
    UserPortfolioSnapshot,
)

Statement = Select[Any]

Transaction = UserInvestmentTransaction
NEWEST_FIRST = (Transaction.transaction_date.desc(), Transaction.id.desc())
PAGE = 50

positions_view = table(
    "user_positions_aggregated",
    *map(column, ("user_id", "symbol", "quantity", "market_value", "last_updated")),
)


@dataclass(frozen=True)
class Subject:
    """A user, and things of theirs that queries are about."""

    user_id: uuid.UUID
    account_id: uuid.UUID
    symbol: str
    rows: int = 0
    day: dt.date = dt.date(2025, 12, 31)
    """The last day that there are rows of."""
    middle: dt.date = dt.date(2023, 7, 1)


def portfolio_by_value(subject: Subject) -> Statement:
    """Everything held, the most valuable first.

    The zero is no parameter: the index is one of values above 0, and a plan that is
    made once for all parameters could not use it.
    """
    return (
        select(UserAggregatedHolding)
        .where(UserAggregatedHolding.total_market_value > literal_column("0"))
        .order_by(UserAggregatedHolding.total_market_value.desc())
        .limit(PAGE)
    )


def one_holding(subject: Subject) -> Statement:
    """One security."""
    return select(UserAggregatedHolding).where(
        UserAggregatedHolding.symbol == subject.symbol
    )


def feed_page(subject: Subject) -> Statement:
    """The newest transactions."""
    return select(Transaction).order_by(*NEWEST_FIRST).limit(PAGE)


def feed_later_page(subject: Subject) -> Statement:
    """A page further down, by where the last one ended."""
    last = (subject.middle, uuid.UUID(int=2**127))
    return (
        select(Transaction)
        .where(tuple_(Transaction.transaction_date, Transaction.id) < last)
        .order_by(*NEWEST_FIRST)
        .limit(PAGE)
    )


def feed_by_symbol(subject: Subject) -> Statement:
    """The newest transactions in one security."""
    return feed_page(subject).where(Transaction.symbol == subject.symbol)


def feed_by_type(subject: Subject) -> Statement:
    """The newest sales."""
    return feed_page(subject).where(
        Transaction.transaction_type == TransactionType.SELL
    )


def feed_by_account(subject: Subject) -> Statement:
    """The newest transactions of one account."""
    return feed_page(subject).where(Transaction.account_id == subject.account_id)


def dividends_of_month(subject: Subject) -> Statement:
    """What came in this month, by currency."""
    return (
        select(Transaction.currency_code, func.sum(Transaction.amount))
        .where(
            Transaction.transaction_type == TransactionType.DIVIDEND,
            Transaction.transaction_date >= subject.day.replace(day=1),
            Transaction.transaction_date <= subject.day,
        )
        .group_by(Transaction.currency_code)
    )


def snapshots_of_quarter(subject: Subject) -> Statement:
    """The line of a chart."""
    return (
        select(UserPortfolioSnapshot.snapshot_date, UserPortfolioSnapshot.total_value)
        .where(
            UserPortfolioSnapshot.snapshot_type == SnapshotType.DAILY,
            UserPortfolioSnapshot.snapshot_date > subject.day - dt.timedelta(days=90),
            UserPortfolioSnapshot.snapshot_date <= subject.day,
        )
        .order_by(UserPortfolioSnapshot.snapshot_date)
    )


def latest_snapshot(subject: Subject) -> Statement:
    """The newest snapshot."""
    return (
        select(UserPortfolioSnapshot)
        .order_by(UserPortfolioSnapshot.snapshot_date.desc())
        .limit(1)
    )


def accounts_with_sync_errors(subject: Subject) -> Statement:
    """Which accounts the user has to sign in to again."""
    return select(UserInvestmentAccount).where(
        UserInvestmentAccount.sync_enabled.is_(True),
        UserInvestmentAccount.sync_status == SyncStatus.ERROR,
    )


def flags(subject: Subject) -> Statement:
    """The flags that are set for the user and have not expired."""
    return select(UserFeatureFlag.flag_name, UserFeatureFlag.enabled).where(
        or_(
            UserFeatureFlag.expires_at.is_(None),
            UserFeatureFlag.expires_at > func.now(),
        )
    )


def positions(subject: Subject) -> Statement:
    """The view for the old application."""
    return select(positions_view)


Query = Callable[[Subject], Statement]
QUERIES: tuple[Query, ...] = (
    portfolio_by_value,
    one_holding,
    feed_page,
    feed_later_page,
    feed_by_symbol,
    feed_by_type,
    feed_by_account,
    dividends_of_month,
    snapshots_of_quarter,
    latest_snapshot,
    accounts_with_sync_errors,
    flags,
    positions,
)


def of(subject: Subject, statement: Statement) -> Statement:
    """The same query with a WHERE instead of row level security."""
    source = statement.get_final_froms()[0]
    return statement.where(source.c.user_id == subject.user_id)


def title(query: Query) -> str:
    """A query's name for people."""
    return query.__name__.replace("_", " ")
