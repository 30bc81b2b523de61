"""Portfolio snapshots."""

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, not_nan, one_of
from models.enums import SnapshotType
from models.exact_json import ExactJson
from models.json_types import (
    AccountTypeBreakdown,
    Allocation,
    JsonObject,
    ProviderBreakdown,
    TopHolding,
)
from models.types import CreatedAt, IndexPoints, Money, OwnerId, Percent, UuidPk

if TYPE_CHECKING:
    from models.auth import AuthUser

__all__ = ["UserPortfolioSnapshot"]

ZERO = text("0")


class UserPortfolioSnapshot(Base):
    """What a portfolio was worth on one day, in US dollars."""

    __tablename__ = "user_portfolio_snapshots"
    __table_args__ = (
        UniqueConstraint(
            "user_id",
            "snapshot_date",
            "snapshot_type",
            name="user_portfolio_snapshots_per_day_key",
        ),
        one_of(
            "snapshot_type",
            SnapshotType,
            name="user_portfolio_snapshots_snapshot_type_check",
        ),
        CheckConstraint(
            "total_value >= 0", name="user_portfolio_snapshots_total_value_check"
        ),
        CheckConstraint(
            "account_count >= 0", name="user_portfolio_snapshots_account_count_check"
        ),
        not_nan(
            "total_value",
            "total_cost_basis",
            "total_gain_loss",
            "total_gain_loss_percent",
            "sp500_value",
            name="user_portfolio_snapshots_amounts_check",
        ),
        Index(
            "idx_portfolio_snapshots_user_date", "user_id", text("snapshot_date DESC")
        ),
        Index("idx_portfolio_snapshots_date", "snapshot_date"),
        Index("idx_portfolio_snapshots_type", "snapshot_type", "snapshot_date"),
        Index(
            "idx_portfolio_snapshots_providers",
            "provider_breakdown",
            postgresql_using="gin",
        ),
        Index(
            "idx_portfolio_snapshots_sectors",
            "sector_allocation",
            postgresql_using="gin",
        ),
        {
            "comment": "Portfolio values over time, one row a user, day and type",
            "info": {
                "rls": "owner-read",
                "natural_key": "user_portfolio_snapshots_per_day_key",
            },
        },
    )

    id: Mapped[UuidPk]
    user_id: Mapped[OwnerId]

    snapshot_date: Mapped[dt.date] = mapped_column(comment="Day that the values are of")
    snapshot_type: Mapped[SnapshotType | None] = mapped_column(
        server_default="daily",
        comment="daily, weekly, monthly or manual; users write only manual ones",
    )

    total_value: Mapped[Money | None] = mapped_column(
        server_default=ZERO, comment="US dollars, not negative"
    )
    total_cost_basis: Mapped[Money | None] = mapped_column(
        server_default=ZERO, comment="US dollars paid for what is held"
    )
    total_gain_loss: Mapped[Money | None] = mapped_column(
        server_default=ZERO, comment="US dollars, value less cost basis"
    )
    total_gain_loss_percent: Mapped[Percent | None] = mapped_column(
        server_default=ZERO, comment="Percent of the cost basis; 12.5 is 12.5 %"
    )

    account_count: Mapped[int | None] = mapped_column(
        server_default=ZERO, comment="Accounts in the portfolio"
    )
    provider_breakdown: Mapped[ProviderBreakdown | None] = mapped_column(
        ExactJson,
        server_default="{}",
        comment="Object of provider to {accounts: count, value: US dollars}",
    )
    account_type_breakdown: Mapped[AccountTypeBreakdown | None] = mapped_column(
        ExactJson,
        server_default="{}",
        comment="Object of account type to value in US dollars",
    )

    sp500_value: Mapped[IndexPoints | None] = mapped_column(
        comment="S&P 500 at the close of the day, index points"
    )
    market_data: Mapped[JsonObject | None] = mapped_column(
        JSONB(none_as_null=True),
        server_default="{}",
        comment="More of the market on that day",
    )

    top_holdings: Mapped[list[TopHolding] | None] = mapped_column(
        ExactJson, server_default="[]", comment="Array of the ten largest holdings"
    )
    sector_allocation: Mapped[Allocation | None] = mapped_column(
        ExactJson,
        server_default="{}",
        comment="Object of sector to percent of the portfolio, 0-100",
    )
    asset_allocation: Mapped[Allocation | None] = mapped_column(
        ExactJson,
        server_default="{}",
        comment="Object of asset class to percent of the portfolio, 0-100",
    )

    created_at: Mapped[CreatedAt | None]

    user: Mapped["AuthUser"] = relationship(
        back_populates="portfolio_snapshots", viewonly=True
    )

    shown = ("id", "user_id", "snapshot_date", "snapshot_type")
