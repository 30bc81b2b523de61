"""Holdings, added up over all accounts of a user."""

from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, FetchedValue, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, not_nan
from models.exact_json import ExactJson
from models.json_types import AccountContribution, InstitutionBreakdown
from models.types import Money, OwnerId, Percent, Quantity, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.auth import AuthUser

__all__ = ["UserAggregatedHolding"]

ZERO = text("0")


class UserAggregatedHolding(Base):
    """How much of one security a user holds over all accounts, in US dollars."""

    __tablename__ = "user_aggregated_holdings"
    __table_args__ = (
        UniqueConstraint(
            "user_id", "symbol", name="user_aggregated_holdings_user_id_symbol_key"
        ),
        CheckConstraint(
            "total_quantity >= 0", name="user_aggregated_holdings_total_quantity_check"
        ),
        CheckConstraint(
            "account_count > 0", name="user_aggregated_holdings_account_count_check"
        ),
        not_nan(
            "total_quantity",
            "total_market_value",
            "total_cost_basis",
            "average_cost_basis",
            "unrealized_gain_loss",
            "unrealized_gain_loss_percent",
            "day_change_value",
            "day_change_percent",
            name="user_aggregated_holdings_amounts_check",
        ),
        Index("idx_aggregated_holdings_user_id", "user_id"),
        Index("idx_aggregated_holdings_symbol", "symbol"),
        Index(
            "idx_aggregated_holdings_user_updated",
            "user_id",
            text("last_updated DESC"),
        ),
        Index(
            "idx_aggregated_holdings_value",
            "user_id",
            text("total_market_value DESC"),
            postgresql_where=text("total_market_value > 0"),
        ),
        Index(
            "idx_aggregated_holdings_contributions",
            "account_contributions",
            postgresql_using="gin",
        ),
        Index(
            "idx_aggregated_holdings_institutions",
            "institution_breakdown",
            postgresql_using="gin",
        ),
        {
            "comment": "Holdings over all accounts of a user, one row a symbol",
            "info": {
                "rls": "owner-read",
                "natural_key": "user_aggregated_holdings_user_id_symbol_key",
            },
        },
    )

    id: Mapped[UuidPk]
    user_id: Mapped[OwnerId]

    symbol: Mapped[str] = mapped_column(comment="Ticker symbol")
    security_id: Mapped[str | None] = mapped_column(comment="CUSIP, ISIN or the like")
    security_name: Mapped[str | None] = mapped_column(comment="Name of the security")
    security_type: Mapped[str | None] = mapped_column(
        comment="equity, bond, etf, mutual_fund, crypto, option, cash or another"
    )

    total_quantity: Mapped[Quantity | None] = mapped_column(
        server_default=ZERO, comment="Shares or units, not negative"
    )
    total_market_value: Mapped[Money | None] = mapped_column(
        server_default=ZERO, comment="US dollars at the price of price_as_of"
    )
    total_cost_basis: Mapped[Money | None] = mapped_column(
        server_default=ZERO, comment="US dollars paid for all units"
    )
    average_cost_basis: Mapped[Quantity | None] = mapped_column(
        server_default=ZERO, comment="US dollars paid a unit"
    )

    unrealized_gain_loss: Mapped[Money | None] = mapped_column(
        server_default=ZERO, comment="US dollars, market value less cost basis"
    )
    unrealized_gain_loss_percent: Mapped[Percent | None] = mapped_column(
        server_default=ZERO, comment="Percent of the cost basis; 12.5 is 12.5 %"
    )
    day_change_value: Mapped[Money | None] = mapped_column(
        server_default=ZERO, comment="US dollars since the previous close"
    )
    day_change_percent: Mapped[Percent | None] = mapped_column(
        server_default=ZERO, comment="Percent since the previous close; 1.5 is 1.5 %"
    )

    account_contributions: Mapped[list[AccountContribution] | None] = mapped_column(
        ExactJson,
        server_default="[]",
        comment="Array of {account_id, quantity, market_value, cost_basis}",
    )
    institution_breakdown: Mapped[InstitutionBreakdown | None] = mapped_column(
        ExactJson,
        server_default="{}",
        comment="Object of institution name to {quantity, value}",
    )
    account_count: Mapped[int | None] = mapped_column(
        server_default=text("1"), comment="Accounts that hold the security, at least 1"
    )

    last_updated: Mapped[Timestamp | None] = mapped_column(
        server_default=text("now()"),
        server_onupdate=FetchedValue(),
        comment="When the row last changed, set by a trigger",
    )
    price_as_of: Mapped[Timestamp | None] = mapped_column(
        comment="When the price was quoted"
    )
    data_source: Mapped[str | None] = mapped_column(
        server_default="aggregated",
        comment="plaid, alpaca, manual or aggregated; users write only manual ones",
    )

    user: Mapped["AuthUser"] = relationship(
        back_populates="aggregated_holdings", viewonly=True
    )

    shown = ("id", "user_id", "symbol", "data_source")
