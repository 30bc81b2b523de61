"""Trading alerts of ``financial`` (1.1.0): prices, conditions, what fired."""

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.homeops.base import Base, UpdatedAt, listed, refers
from models.homeops.exact import Price
from models.types import CreatedAt, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.homeops.core import User
    from models.homeops.financial import Account

__all__ = ["PriceQuote", "TradingAlert", "TradingAlertEvent"]


class PriceQuote(Base):
    """A price at one moment: what alerts watch and valuations are made of."""

    __tablename__ = "price_quotes"
    __table_args__ = (
        CheckConstraint("length(symbol) > 0", name="price_quotes_symbol_check"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="price_quotes_currency_check"),
        CheckConstraint(
            "price >= 0 AND price <> 'NaN'", name="price_quotes_price_check"
        ),
        CheckConstraint(
            "volume >= 0 AND volume <> 'NaN'", name="price_quotes_volume_check"
        ),
        CheckConstraint("length(source) > 0", name="price_quotes_source_check"),
        Index("idx_price_quotes_quoted", "quoted_at", postgresql_using="brin"),
        {
            "schema": "financial",
            "comment": "Prices of securities and coins over time, one row a quote;"
            " written by the service, never changed",
            "info": {"rls": "members"},
        },
    )

    symbol: Mapped[str] = mapped_column(
        primary_key=True,
        comment="Ticker or symbol of a coin, as in positions and crypto_assets",
    )
    currency: Mapped[str] = mapped_column(
        primary_key=True, comment="ISO 4217 code of the price"
    )
    quoted_at: Mapped[Timestamp] = mapped_column(
        primary_key=True, comment="When the price was true"
    )
    price: Mapped[Price] = mapped_column(comment="Price of one unit")
    volume: Mapped[Price | None] = mapped_column(
        comment="Units traded in the 24 hours before; NULL if not known"
    )
    source: Mapped[str] = mapped_column(comment="Where it came from: feed or exchange")

    shown = ("symbol", "currency", "quoted_at")


class TradingAlert(Base):
    """A condition on a price that somebody wants to hear of."""

    __tablename__ = "trading_alerts"
    __table_args__ = (
        refers("user_id", "core.users.id", name="fk_trading_alerts_user"),
        refers("account_id", "financial.accounts.id", name="fk_trading_alerts_account"),
        CheckConstraint("length(symbol) > 0", name="trading_alerts_symbol_check"),
        CheckConstraint(
            "currency ~ '^[A-Z]{3}$'", name="trading_alerts_currency_check"
        ),
        listed(
            "condition",
            "price_above",
            "price_below",
            "rise_percent",
            "fall_percent",
            name="trading_alerts_condition_check",
        ),
        CheckConstraint(
            "threshold > 0 AND threshold <> 'NaN'",
            name="trading_alerts_threshold_check",
        ),
        CheckConstraint(
            "(condition IN ('rise_percent', 'fall_percent')) ="
            " (reference_price IS NOT NULL)",
            name="trading_alerts_reference_price_check",
        ),
        CheckConstraint(
            "reference_price > 0 AND reference_price <> 'NaN'",
            name="trading_alerts_reference_price_positive_check",
        ),
        CheckConstraint(
            "condition <> 'fall_percent' OR threshold <= 100",
            name="trading_alerts_fall_check",
        ),
        listed(
            "status",
            "active",
            "paused",
            "triggered",
            "expired",
            name="trading_alerts_status_check",
        ),
        CheckConstraint(
            "cooldown_s BETWEEN 0 AND 31536000", name="trading_alerts_cooldown_check"
        ),
        CheckConstraint(
            "cardinality(channels) > 0 AND channels <@ '{push,email,sms}'",
            name="trading_alerts_channels_check",
        ),
        Index("idx_trading_alerts_user_status", "user_id", "status"),
        Index("idx_trading_alerts_account", "account_id"),
        Index(
            "idx_trading_alerts_watched",
            "symbol",
            "currency",
            postgresql_where=text("status = 'active'"),
        ),
        {
            "schema": "financial",
            "comment": "Prices and moves that people want to hear of, one row an alert",
            "info": {"rls": "owner"},
        },
    )

    id: Mapped[UuidPk]
    user_id: Mapped[uuid.UUID] = mapped_column(
        comment="Whose alert it is, core.users.id; the row goes when the user goes"
    )
    account_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Account that it was set for; NULL if for none; the row goes with it"
    )
    symbol: Mapped[str] = mapped_column(comment="What is watched, as in price_quotes")
    currency: Mapped[str] = mapped_column(
        server_default="USD",
        comment="ISO 4217 code of the prices that it is compared with",
    )
    condition: Mapped[str] = mapped_column(
        comment="price_above, price_below, rise_percent or fall_percent"
    )
    threshold: Mapped[Price] = mapped_column(
        comment="Price of one unit, or percent of reference_price"
    )
    reference_price: Mapped[Price | None] = mapped_column(
        comment="Price that percent is counted from; NULL for the others"
    )
    status: Mapped[str] = mapped_column(
        server_default="active",
        comment="active, paused, triggered (has said it once) or expired",
    )
    is_recurring: Mapped[bool] = mapped_column(
        server_default=text("false"),
        comment="Whether it stays active after it has fired",
    )
    cooldown_s: Mapped[int] = mapped_column(
        server_default=text("86400"),
        comment="Seconds for which a recurring one keeps still after it has fired",
    )
    channels: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default="{push}", comment="How to say it: push, email, sms"
    )
    note: Mapped[str | None] = mapped_column(
        comment="What the owner wanted to remember"
    )
    expires_at: Mapped[Timestamp | None] = mapped_column(
        comment="When it stops; NULL: never"
    )
    last_fired_at: Mapped[Timestamp | None] = mapped_column(
        comment="When it last fired; NULL: never"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    user: Mapped["User"] = relationship(back_populates="trading_alerts")
    account: Mapped["Account | None"] = relationship(back_populates="trading_alerts")
    events: Mapped[list["TradingAlertEvent"]] = relationship(
        back_populates="alert", passive_deletes="all"
    )

    shown = ("id", "user_id", "symbol", "condition", "status")


class TradingAlertEvent(Base):
    """One time that an alert fired; kept as the history of what was said."""

    __tablename__ = "trading_alert_events"
    __table_args__ = (
        UniqueConstraint(
            "alert_id", "quoted_at", name="trading_alert_events_quote_key"
        ),
        refers(
            "alert_id",
            "financial.trading_alerts.id",
            name="fk_trading_alert_events_alert",
        ),
        CheckConstraint(
            "price >= 0 AND price <> 'NaN'", name="trading_alert_events_price_check"
        ),
        listed(
            "condition",
            "price_above",
            "price_below",
            "rise_percent",
            "fall_percent",
            name="trading_alert_events_condition_check",
        ),
        CheckConstraint(
            "threshold > 0 AND threshold <> 'NaN'",
            name="trading_alert_events_threshold_check",
        ),
        listed(
            "delivery",
            "pending",
            "sent",
            "failed",
            name="trading_alert_events_delivery_check",
        ),
        CheckConstraint(
            "(delivery = 'sent') = (delivered_at IS NOT NULL)",
            name="trading_alert_events_delivered_check",
        ),
        CheckConstraint("attempts >= 0", name="trading_alert_events_attempts_check"),
        Index(
            "idx_trading_alert_events_alert_fired", "alert_id", text("fired_at DESC")
        ),
        Index(
            "idx_trading_alert_events_to_send",
            "fired_at",
            postgresql_where=text("delivery = 'pending'"),
        ),
        {
            "schema": "financial",
            "comment": "When alerts fired and what was said, one row a firing;"
            " written by the service",
            "info": {"rls": "owner"},
        },
    )

    id: Mapped[UuidPk]
    alert_id: Mapped[uuid.UUID] = mapped_column(
        comment="Alert that fired; the row goes with it"
    )
    fired_at: Mapped[Timestamp] = mapped_column(
        server_default=text("now()"), comment="When the condition was found to hold"
    )
    quoted_at: Mapped[Timestamp] = mapped_column(
        comment="Time of the price that fired it"
    )
    price: Mapped[Price] = mapped_column(comment="That price, in the alert's currency")
    condition: Mapped[str] = mapped_column(
        comment="Condition as it was then: the alert may change"
    )
    threshold: Mapped[Price] = mapped_column(comment="Threshold as it was then")
    delivery: Mapped[str] = mapped_column(
        server_default="pending", comment="pending, sent or failed"
    )
    attempts: Mapped[int] = mapped_column(
        server_default=text("0"), comment="How often sending it was tried"
    )
    delivered_at: Mapped[Timestamp | None] = mapped_column(
        comment="When it was sent; NULL if it was not"
    )
    acknowledged_at: Mapped[Timestamp | None] = mapped_column(
        comment="When the owner had seen it; NULL if not yet"
    )

    alert: Mapped["TradingAlert"] = relationship(back_populates="events")

    shown = ("id", "alert_id", "fired_at", "delivery")
