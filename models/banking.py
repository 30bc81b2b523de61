"""Bank connections and transfers, tables that were there before this project."""

import datetime as dt
import uuid
from decimal import Decimal

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import ExactNumeric, UtcDateTime

__all__ = ["UserBankConnection", "UserTransfer"]


class UserBankConnection(Base):
    """A bank account linked for ACH funding."""

    __tablename__ = "user_bank_connections"
    __table_args__ = (
        {
            "comment": "Bank accounts linked for ACH funding",
            "info": {"rls": "existing", "managed": False},
        },
    )

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Row id, given by the application"
    )
    user_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("auth.users.id"), comment="Owner, auth.users.id"
    )
    alpaca_account_id: Mapped[str | None] = mapped_column(
        comment="Account id at Alpaca that is funded"
    )
    relationship_id: Mapped[str | None] = mapped_column(
        comment="ACH relationship id at Alpaca"
    )
    bank_name: Mapped[str | None] = mapped_column(comment="Name of the bank")
    bank_account_type: Mapped[str | None] = mapped_column(comment="Checking or savings")
    last_4: Mapped[str | None] = mapped_column(
        comment="Last four digits of the account number"
    )
    created_at: Mapped[dt.datetime | None] = mapped_column(
        UtcDateTime, comment="When the row was made"
    )
    updated_at: Mapped[dt.datetime | None] = mapped_column(
        UtcDateTime, comment="When the row last changed"
    )


class UserTransfer(Base):
    """An ACH transfer between a bank and Alpaca."""

    __tablename__ = "user_transfers"
    __table_args__ = (
        {
            "comment": "ACH transfers between a bank and Alpaca",
            "info": {"rls": "existing", "managed": False},
        },
    )

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Row id, given by the application"
    )
    user_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("auth.users.id"), comment="Owner, auth.users.id"
    )
    alpaca_account_id: Mapped[str | None] = mapped_column(
        comment="Account id at Alpaca"
    )
    relationship_id: Mapped[str | None] = mapped_column(
        comment="ACH relationship id at Alpaca"
    )
    transfer_id: Mapped[str | None] = mapped_column(comment="Transfer id at Alpaca")
    amount: Mapped[Decimal | None] = mapped_column(
        ExactNumeric("transfer amount", 15, 2), comment="US dollars"
    )
    status: Mapped[str | None] = mapped_column(
        comment="Transfer status, in Alpaca's words"
    )
    created_at: Mapped[dt.datetime | None] = mapped_column(
        UtcDateTime, comment="When the row was made"
    )
    updated_at: Mapped[dt.datetime | None] = mapped_column(
        UtcDateTime, comment="When the row last changed"
    )

    shown = ("id", "user_id", "transfer_id", "status")
