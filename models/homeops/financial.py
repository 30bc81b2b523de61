"""Schema ``financial``: institutions, accounts, what is booked and held on them."""

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.homeops.base import Amount, Base, UpdatedAt, listed, refers
from models.types import CreatedAt, Quantity, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.homeops.core import User
    from models.homeops.crypto import CryptoWallet
    from models.homeops.marketplace import PayoutMethod
    from models.homeops.performance import PortfolioAccount
    from models.homeops.predictions import Forecast
    from models.homeops.sales import Payout
    from models.homeops.trading import TradingAlert

__all__ = ["Account", "Institution", "Position", "Transaction"]


class Institution(Base):
    """A bank, a broker, or a service that accounts are fetched through."""

    __tablename__ = "institutions"
    __table_args__ = (
        UniqueConstraint("name", "type", name="institutions_name_type_key"),
        CheckConstraint("length(name) > 0", name="institutions_name_check"),
        listed(
            "type",
            "bank", "credit_union", "broker", "exchange", "insurer", "aggregator",
            "other",
            name="institutions_type_check",
        ),
        {
            "schema": "financial",
            "comment": "Banks, brokers and services that accounts are kept at or"
            " fetched through",
            "info": {"rls": "members"},
        },
    )  # fmt: skip

    id: Mapped[UuidPk]
    name: Mapped[str] = mapped_column(comment="Name of the institution")
    type: Mapped[str] = mapped_column(
        comment="bank, credit_union, broker, exchange, insurer, aggregator or other"
    )
    website: Mapped[str | None] = mapped_column(comment="Address of its web site")
    api_config: Mapped[dict[str, Any]] = mapped_column(
        JSONB,
        server_default="{}",
        deferred=True,
        comment="How to talk to it; closed to the API, no secrets",
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    accounts: Mapped[list["Account"]] = relationship(
        back_populates="institution", passive_deletes="all"
    )

    shown = ("id", "name", "type")


class Account(Base):
    """An account of one person."""

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint(
            "user_id",
            "institution_id",
            "external_id",
            name="accounts_external_id_key",
        ),
        refers("user_id", "core.users.id", name="fk_accounts_user"),
        refers(
            "institution_id",
            "financial.institutions.id",
            name="fk_accounts_institution",
            ondelete=None,
        ),
        CheckConstraint("length(name) > 0", name="accounts_name_check"),
        listed(
            "account_type",
            "checking", "savings", "credit_card", "loan", "mortgage", "brokerage",
            "retirement", "crypto", "cash", "other",
            name="accounts_account_type_check",
        ),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="accounts_currency_check"),
        CheckConstraint("balance <> 'NaN'", name="accounts_balance_check"),
        CheckConstraint("last_4 ~ '^[0-9]{1,4}$'", name="accounts_last_4_check"),
        Index("idx_accounts_institution", "institution_id"),
        Index("idx_accounts_user_type", "user_id", "account_type"),
        Index(
            "idx_accounts_synced",
            text("last_synced_at NULLS FIRST"),
            postgresql_where=text("is_active"),
        ),
        {
            "schema": "financial",
            "comment": "Accounts at institutions, and cash, one row an account of one"
            " person",
            "info": {"rls": "owner"},
        },
    )  # fmt: skip

    id: Mapped[UuidPk]
    user_id: Mapped[uuid.UUID] = mapped_column(
        comment="Owner, core.users.id; the row goes when the user goes"
    )
    institution_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Where it is kept; NULL for cash and the like"
    )
    name: Mapped[str] = mapped_column(comment="Name shown to the owner")
    account_type: Mapped[str] = mapped_column(
        comment="checking, savings, credit_card, loan, mortgage, brokerage, retirement,"
        " crypto, cash or other"
    )
    currency: Mapped[str] = mapped_column(
        server_default="USD", comment="ISO 4217 code of balance and transactions"
    )
    balance: Mapped[Amount] = mapped_column(
        server_default=text("0"),
        comment="Last known balance, in the account's currency; debts are negative",
    )
    external_id: Mapped[str | None] = mapped_column(
        comment="Account id at the institution"
    )
    last_4: Mapped[str | None] = mapped_column(
        comment="Last digits of the account number, for people"
    )
    is_active: Mapped[bool] = mapped_column(
        server_default=text("true"), comment="Whether the account counts"
    )
    last_synced_at: Mapped[Timestamp | None] = mapped_column(
        comment="When the institution was last asked"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    user: Mapped["User"] = relationship(back_populates="accounts")
    institution: Mapped["Institution | None"] = relationship(back_populates="accounts")
    transactions: Mapped[list["Transaction"]] = relationship(
        back_populates="account", passive_deletes="all"
    )
    positions: Mapped[list["Position"]] = relationship(
        back_populates="account", passive_deletes="all"
    )
    trading_alerts: Mapped[list["TradingAlert"]] = relationship(
        back_populates="account", passive_deletes="all"
    )
    portfolios: Mapped[list["PortfolioAccount"]] = relationship(
        back_populates="account", passive_deletes="all"
    )
    crypto_wallets: Mapped[list["CryptoWallet"]] = relationship(
        back_populates="account", passive_deletes="all"
    )
    payout_methods: Mapped[list["PayoutMethod"]] = relationship(
        back_populates="account", passive_deletes="all"
    )
    payouts: Mapped[list["Payout"]] = relationship(
        back_populates="account", passive_deletes="all"
    )
    forecasts: Mapped[list["Forecast"]] = relationship(
        back_populates="account", passive_deletes="all"
    )

    shown = ("id", "user_id", "name", "account_type")


class Transaction(Base):
    """A booking on an account."""

    __tablename__ = "transactions"
    __table_args__ = (
        UniqueConstraint(
            "account_id", "external_id", name="transactions_external_id_key"
        ),
        refers("account_id", "financial.accounts.id", name="fk_transactions_account"),
        CheckConstraint("isfinite(transaction_date)", name="transactions_date_check"),
        CheckConstraint(
            "amount BETWEEN -9999999999999.99 AND 9999999999999.99",
            name="transactions_amount_check",
        ),
        Index(
            "idx_transactions_account_date",
            "account_id",
            text("transaction_date DESC"),
        ),
        Index(
            "idx_transactions_account_category",
            "account_id",
            "category",
            text("transaction_date DESC"),
            postgresql_where=text("category IS NOT NULL"),
        ),
        Index(
            "idx_transactions_pending",
            "account_id",
            postgresql_where=text("is_pending"),
        ),
        {
            "schema": "financial",
            "comment": "What was booked on accounts, one row a booking",
            "info": {"rls": "owner"},
        },
    )

    id: Mapped[UuidPk]
    account_id: Mapped[uuid.UUID] = mapped_column(
        comment="Account that it is booked on; the row goes with it"
    )
    transaction_date: Mapped[dt.date] = mapped_column(comment="Day of the booking")
    amount: Mapped[Amount] = mapped_column(
        comment="In the account's currency; what leaves the account is negative",
    )
    description: Mapped[str | None] = mapped_column(comment="Text of the booking")
    merchant_name: Mapped[str | None] = mapped_column(
        comment="Who was paid, or who paid"
    )
    category: Mapped[str | None] = mapped_column(
        comment="What it was for, as the household sorts it"
    )
    external_id: Mapped[str | None] = mapped_column(
        comment="Booking id at the institution"
    )
    is_pending: Mapped[bool] = mapped_column(
        server_default=text("false"),
        comment="Whether the institution may still change it",
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    # Added by revision 040.
    merchant_category: Mapped[str | None] = mapped_column(
        String(100),
        comment="What the merchant sells, in the words of the card networks",
    )

    account: Mapped["Account"] = relationship(back_populates="transactions")

    shown = ("id", "account_id", "transaction_date")


class Position(Base):
    """A security that an account holds now."""

    __tablename__ = "positions"
    __table_args__ = (
        UniqueConstraint("account_id", "symbol", name="positions_account_symbol_key"),
        refers("account_id", "financial.accounts.id", name="fk_positions_account"),
        CheckConstraint("length(symbol) > 0", name="positions_symbol_check"),
        listed(
            "asset_type",
            "stock", "etf", "mutual_fund", "bond", "option", "cash", "other",
            name="positions_asset_type_check",
        ),
        CheckConstraint(
            "'NaN'::numeric NOT IN"
            " (quantity, coalesce(cost_basis, 0), coalesce(market_value, 0))",
            name="positions_numbers_check",
        ),
        Index("idx_positions_symbol", "symbol"),
        Index("idx_positions_priced", text("priced_at NULLS FIRST")),
        {
            "schema": "financial",
            "comment": "What investment accounts hold now, one row a security of an"
            " account",
            "info": {"rls": "owner"},
        },
    )  # fmt: skip

    id: Mapped[UuidPk]
    account_id: Mapped[uuid.UUID] = mapped_column(
        comment="Account that holds it; the row goes with it"
    )
    symbol: Mapped[str] = mapped_column(comment="Ticker or other symbol")
    name: Mapped[str | None] = mapped_column(comment="Name of the security")
    asset_type: Mapped[str] = mapped_column(
        server_default="stock",
        comment="stock, etf, mutual_fund, bond, option, cash or other",
    )
    quantity: Mapped[Quantity] = mapped_column(
        comment="Units held; negative if sold short"
    )
    cost_basis: Mapped[Amount | None] = mapped_column(
        comment="What the units cost in all, in the account's currency"
    )
    market_value: Mapped[Amount | None] = mapped_column(
        comment="What they are worth in all, in the account's currency"
    )
    priced_at: Mapped[Timestamp | None] = mapped_column(
        comment="When the value was true"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    account: Mapped["Account"] = relationship(back_populates="positions")

    shown = ("id", "account_id", "symbol")
