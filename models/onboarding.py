"""Onboarding, a table that was there before this project."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import UtcDateTime

__all__ = ["UserOnboarding"]


class UserOnboarding(Base):
    """One user's way into the brokerage, with the Alpaca account it led to.

    The older application writes it still; a trigger carries its accounts over to
    ``user_investment_accounts``.
    """

    __tablename__ = "user_onboarding"
    __table_args__ = (
        Index(
            "idx_user_onboarding_provider",
            "primary_provider",
            "account_aggregation_enabled",
        ),
        {
            "comment": "Onboarding, one row an application for a brokerage account",
            "info": {"rls": "existing", "managed": False},
        },
    )

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Row id, given by the application"
    )
    user_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("auth.users.id"), comment="Owner, auth.users.id"
    )
    onboarding_data: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), comment="What the user entered"
    )
    status: Mapped[str | None] = mapped_column(comment="Step reached")
    alpaca_account_id: Mapped[str | None] = mapped_column(
        comment="Account id at Alpaca"
    )
    alpaca_account_number: Mapped[str | None] = mapped_column(
        comment="Account number at Alpaca"
    )
    alpaca_account_status: Mapped[str | None] = mapped_column(
        comment="Account status at Alpaca, in Alpaca's words"
    )
    created_at: Mapped[dt.datetime | None] = mapped_column(
        UtcDateTime, comment="When the row was made"
    )
    updated_at: Mapped[dt.datetime | None] = mapped_column(
        UtcDateTime, comment="When the row last changed"
    )

    # Added by revision 009.
    onboarding_version: Mapped[int | None] = mapped_column(
        server_default=text("1"), comment="Version of the onboarding flow"
    )
    primary_provider: Mapped[str | None] = mapped_column(
        server_default="alpaca", comment="Provider that the user started with"
    )
    account_aggregation_enabled: Mapped[bool | None] = mapped_column(
        server_default=text("false"), comment="Whether several accounts are aggregated"
    )
    plaid_link_completed: Mapped[bool | None] = mapped_column(
        server_default=text("false"), comment="Whether Plaid Link was completed"
    )
    aggregation_onboarded_at: Mapped[dt.datetime | None] = mapped_column(
        UtcDateTime, comment="When the user joined account aggregation"
    )

    shown = ("id", "user_id", "status", "alpaca_account_status")
