"""Investment transactions."""

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, not_nan, one_of
from models.enums import TransactionType
from models.json_types import JsonObject
from models.types import CreatedAt, Money, OwnerId, Quantity, UuidPk

if TYPE_CHECKING:
    from models.accounts import UserInvestmentAccount
    from models.auth import AuthUser

__all__ = ["UserInvestmentTransaction"]

ZERO = text("0")
NEWEST_FIRST = text("transaction_date DESC")


class UserInvestmentTransaction(Base):
    """Something that happened in an account: bought, sold, paid in, received."""

    __tablename__ = "user_investment_transactions"
    __table_args__ = (
        UniqueConstraint(
            "account_id",
            "provider_transaction_id",
            name="user_investment_transactions_provider_transaction_key",
        ),
        # Both keys: no one can book on another's account, or learn that it exists.
        ForeignKeyConstraint(
            ["user_id", "account_id"],
            ["user_investment_accounts.user_id", "user_investment_accounts.id"],
            ondelete="CASCADE",
            name="user_investment_transactions_account_fkey",
        ),
        one_of(
            "transaction_type",
            TransactionType,
            name="user_investment_transactions_transaction_type_check",
        ),
        CheckConstraint("price >= 0", name="user_investment_transactions_price_check"),
        CheckConstraint("fees >= 0", name="user_investment_transactions_fees_check"),
        not_nan(
            "quantity",
            "price",
            "amount",
            "fees",
            name="user_investment_transactions_amounts_check",
        ),
        # user_id first: under RLS every query of a user has one.
        Index("idx_investment_transactions_user_id", "user_id"),
        Index(
            "idx_investment_transactions_account", "user_id", "account_id", NEWEST_FIRST
        ),
        Index(
            "idx_investment_transactions_symbol",
            "user_id",
            "symbol",
            NEWEST_FIRST,
            postgresql_where=text("symbol IS NOT NULL"),
        ),
        Index(
            "idx_investment_transactions_type_date",
            "user_id",
            "transaction_type",
            NEWEST_FIRST,
        ),
        Index("idx_investment_transactions_date", "user_id", NEWEST_FIRST),
        # For jobs that go through the days of all users.
        Index(
            "idx_investment_transactions_date_brin",
            "transaction_date",
            postgresql_using="brin",
        ),
        {
            "comment": "Transactions in investment accounts, as providers report them",
            "info": {
                "rls": "owner-read",
                "natural_key": "user_investment_transactions_provider_transaction_key",
            },
        },
    )

    id: Mapped[UuidPk]
    user_id: Mapped[OwnerId]
    account_id: Mapped[uuid.UUID] = mapped_column(
        comment="Account of the same owner, user_investment_accounts.id"
    )

    provider_transaction_id: Mapped[str] = mapped_column(
        comment="Transaction id at the provider"
    )
    provider: Mapped[str] = mapped_column(
        comment="Who reported it: plaid, alpaca or manual; users write only manual ones"
    )

    symbol: Mapped[str | None] = mapped_column(comment="Ticker symbol")
    security_id: Mapped[str | None] = mapped_column(comment="CUSIP, ISIN or the like")
    security_name: Mapped[str | None] = mapped_column(comment="Name of the security")
    security_type: Mapped[str | None] = mapped_column(
        comment="equity, bond, etf, mutual_fund, crypto, option, cash or another"
    )

    transaction_type: Mapped[TransactionType] = mapped_column(
        comment="What happened: buy, sell, dividend and so on"
    )
    transaction_date: Mapped[dt.date] = mapped_column(comment="Day of the trade")
    settlement_date: Mapped[dt.date | None] = mapped_column(
        comment="Day on which it settled"
    )

    quantity: Mapped[Quantity | None] = mapped_column(
        server_default=ZERO, comment="Shares or units"
    )
    price: Mapped[Quantity | None] = mapped_column(
        server_default=ZERO, comment="Price a unit in currency_code, not negative"
    )
    amount: Mapped[Money] = mapped_column(
        comment="In currency_code; negative flows out, positive flows in"
    )
    fees: Mapped[Money | None] = mapped_column(
        server_default=ZERO, comment="In currency_code, not negative"
    )
    currency_code: Mapped[str | None] = mapped_column(
        server_default="USD", comment="ISO 4217"
    )

    description: Mapped[str | None] = mapped_column(comment="Text for the user")
    category: Mapped[str | None] = mapped_column(
        comment="Category, in the provider's words"
    )
    subcategory: Mapped[str | None] = mapped_column(
        comment="Subcategory, in the provider's words"
    )

    raw_transaction_data: Mapped[JsonObject | None] = mapped_column(
        JSONB(none_as_null=True),
        server_default="{}",
        comment="The transaction as the provider sent it",
    )
    created_at: Mapped[CreatedAt | None]

    account: Mapped["UserInvestmentAccount"] = relationship(
        back_populates="transactions"
    )
    user: Mapped["AuthUser"] = relationship(
        back_populates="investment_transactions", viewonly=True
    )

    shown = ("id", "user_id", "account_id", "transaction_type", "transaction_date")
