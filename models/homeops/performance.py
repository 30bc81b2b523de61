"""Portfolios of ``financial`` (1.1.0): accounts, worth day by day, aims."""

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.homeops.base import Base, UpdatedAt, listed, refers
from models.homeops.exact import Fraction, Price, Total
from models.types import CreatedAt, UuidPk

if TYPE_CHECKING:
    from models.homeops.core import User
    from models.homeops.financial import Account

__all__ = ["Portfolio", "PortfolioAccount", "PortfolioTarget", "PortfolioValuation"]


class Portfolio(Base):
    """Accounts that are looked at as one, and what they are measured by."""

    __tablename__ = "portfolios"
    __table_args__ = (
        UniqueConstraint("user_id", "name", name="portfolios_user_name_key"),
        refers("user_id", "core.users.id", name="fk_portfolios_user"),
        CheckConstraint("length(name) > 0", name="portfolios_name_check"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="portfolios_currency_check"),
        CheckConstraint(
            "length(benchmark_symbol) > 0", name="portfolios_benchmark_check"
        ),
        {
            "schema": "financial",
            "comment": "Accounts that somebody looks at as one, one row a portfolio",
            "info": {"rls": "owner"},
        },
    )

    id: Mapped[UuidPk]
    user_id: Mapped[uuid.UUID] = mapped_column(
        comment="Owner, core.users.id; the row goes when the user goes"
    )
    name: Mapped[str] = mapped_column(comment="Name shown to the owner, once for each")
    currency: Mapped[str] = mapped_column(
        server_default="USD", comment="ISO 4217 code that it is valued in"
    )
    benchmark_symbol: Mapped[str | None] = mapped_column(
        comment="What it is compared with, as in price_quotes; NULL: nothing"
    )
    is_archived: Mapped[bool] = mapped_column(
        server_default=text("false"), comment="Whether it is no longer valued"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    user: Mapped["User"] = relationship(back_populates="portfolios")
    accounts: Mapped[list["PortfolioAccount"]] = relationship(
        back_populates="portfolio", passive_deletes="all"
    )
    valuations: Mapped[list["PortfolioValuation"]] = relationship(
        back_populates="portfolio", passive_deletes="all"
    )
    targets: Mapped[list["PortfolioTarget"]] = relationship(
        back_populates="portfolio", passive_deletes="all"
    )

    shown = ("id", "user_id", "name")


class PortfolioAccount(Base):
    """An account that counts to a portfolio; it may count to several."""

    __tablename__ = "portfolio_accounts"
    __table_args__ = (
        refers(
            "portfolio_id",
            "financial.portfolios.id",
            name="fk_portfolio_accounts_portfolio",
        ),
        refers(
            "account_id", "financial.accounts.id", name="fk_portfolio_accounts_account"
        ),
        Index("idx_portfolio_accounts_account", "account_id"),
        {
            "schema": "financial",
            "comment": "Which accounts count to which portfolio, one row an"
            " account of a portfolio",
            "info": {"rls": "owner"},
        },
    )

    portfolio_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Portfolio; the row goes with it"
    )
    account_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Account; the row goes with it"
    )
    created_at: Mapped[CreatedAt]

    portfolio: Mapped["Portfolio"] = relationship(back_populates="accounts")
    account: Mapped["Account"] = relationship(back_populates="portfolios")

    shown = ("portfolio_id", "account_id")


class PortfolioValuation(Base):
    """What a portfolio was worth at the end of a day, and what was paid in on it.

    The flow is what the owner moved, as if at the day's beginning: so returns can be
    chained from day to day whatever was paid in (time-weighted return).
    """

    __tablename__ = "portfolio_valuations"
    __table_args__ = (
        refers(
            "portfolio_id",
            "financial.portfolios.id",
            name="fk_portfolio_valuations_portfolio",
        ),
        CheckConstraint(
            "'NaN'::numeric NOT IN (market_value, cash_value, cost_basis, net_flow)",
            name="portfolio_valuations_numbers_check",
        ),
        CheckConstraint(
            "benchmark_price > 0 AND benchmark_price <> 'NaN'",
            name="portfolio_valuations_benchmark_check",
        ),
        Index(
            "idx_portfolio_valuations_unfinished",
            "valued_on",
            postgresql_where=text("NOT is_final"),
        ),
        {
            "schema": "financial",
            "comment": "What portfolios were worth at the end of each day, one row"
            " a day; written by the service",
            "info": {"rls": "owner"},
        },
    )

    portfolio_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Portfolio; the row goes with it"
    )
    valued_on: Mapped[dt.date] = mapped_column(
        primary_key=True, comment="Day at whose end it was worth this"
    )
    market_value: Mapped[Total] = mapped_column(
        comment="Worth of everything in it, cash included"
    )
    cash_value: Mapped[Total] = mapped_column(
        server_default=text("0"), comment="Part of it that is cash"
    )
    cost_basis: Mapped[Total] = mapped_column(comment="What was paid for what is in it")
    net_flow: Mapped[Total] = mapped_column(
        server_default=text("0"),
        comment="Paid in less taken out by the owner on that day",
    )
    benchmark_price: Mapped[Price | None] = mapped_column(
        comment="Price of the benchmark that day; NULL: none"
    )
    is_final: Mapped[bool] = mapped_column(
        server_default=text("true"), comment="Whether all prices of the day were there"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    portfolio: Mapped["Portfolio"] = relationship(back_populates="valuations")

    shown = ("portfolio_id", "valued_on")


class PortfolioTarget(Base):
    """The share of a portfolio that one class of assets shall have."""

    __tablename__ = "portfolio_targets"
    __table_args__ = (
        refers(
            "portfolio_id",
            "financial.portfolios.id",
            name="fk_portfolio_targets_portfolio",
        ),
        listed(
            "asset_type",
            "stock",
            "etf",
            "mutual_fund",
            "bond",
            "option",
            "cash",
            "crypto",
            "other",
            name="portfolio_targets_asset_type_check",
        ),
        CheckConstraint(
            "target_share BETWEEN 0 AND 1", name="portfolio_targets_share_check"
        ),
        CheckConstraint(
            "tolerance BETWEEN 0 AND 1", name="portfolio_targets_tolerance_check"
        ),
        {
            "schema": "financial",
            "comment": "Which share of a portfolio each class of assets shall"
            " have, one row a class",
            "info": {"rls": "owner"},
        },
    )

    portfolio_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Portfolio; the row goes with it"
    )
    asset_type: Mapped[str] = mapped_column(
        primary_key=True, comment="As in positions; crypto for all coins"
    )
    target_share: Mapped[Fraction] = mapped_column(comment="Share wanted, from 0 to 1")
    tolerance: Mapped[Fraction] = mapped_column(
        server_default=text("0.05"),
        comment="How far it may be off before the owner is told",
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    portfolio: Mapped["Portfolio"] = relationship(back_populates="targets")

    shown = ("portfolio_id", "asset_type")
