"""Sales of ``marketplace`` (2.0.0): orders, what creators earned by them, payouts."""

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.homeops.base import Amount, Base, UpdatedAt, listed, refers
from models.types import CreatedAt, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.homeops.core import User
    from models.homeops.financial import Account
    from models.homeops.marketplace import Creator, Listing

__all__ = ["Earning", "Order", "OrderLine", "Payout"]


class Order(Base):
    """A purchase."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("payment_reference", name="orders_payment_key"),
        listed(
            "status",
            "pending",
            "paid",
            "cancelled",
            "refunded",
            name="orders_status_check",
        ),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="orders_currency_check"),
        CheckConstraint("total >= 0 AND total <> 'NaN'", name="orders_total_check"),
        CheckConstraint(
            "(status IN ('paid', 'refunded')) = (paid_at IS NOT NULL)",
            name="orders_paid_check",
        ),
        CheckConstraint(
            "(status = 'refunded') = (refunded_at IS NOT NULL)",
            name="orders_refunded_check",
        ),
        refers(
            "buyer_id", "core.users.id", name="fk_orders_buyer", ondelete="SET NULL"
        ),
        Index("idx_orders_buyer_placed", "buyer_id", text("placed_at DESC")),
        {
            "schema": "marketplace",
            "comment": "What somebody bought at one time, one row a purchase; "
            "written by the service",
            "info": {"rls": "owner"},
        },
    )

    id: Mapped[UuidPk]
    buyer_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Who bought, core.users.id; NULL once the person has gone: "
        "others earned by it"
    )
    status: Mapped[str] = mapped_column(
        server_default="pending", comment="pending, paid, cancelled or refunded"
    )
    currency: Mapped[str] = mapped_column(
        server_default="USD", comment="ISO 4217 code of all its amounts"
    )
    total: Mapped[Amount] = mapped_column(comment="Sum of its lines")
    payment_reference: Mapped[str | None] = mapped_column(
        comment="The payment service's id of the payment"
    )
    placed_at: Mapped[Timestamp] = mapped_column(
        server_default=text("now()"), comment="When it was ordered"
    )
    paid_at: Mapped[Timestamp | None] = mapped_column(
        comment="When it was paid; NULL: not, or not yet"
    )
    refunded_at: Mapped[Timestamp | None] = mapped_column(
        comment="When the money went back; NULL: it did not"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    buyer: Mapped["User | None"] = relationship(back_populates="orders")
    lines: Mapped[list["OrderLine"]] = relationship(
        back_populates="order", passive_deletes="all"
    )

    shown = (
        "id",
        "buyer_id",
        "status",
    )


class OrderLine(Base):
    """An offer in a purchase, at the price of that time."""

    __tablename__ = "order_lines"
    __table_args__ = (
        UniqueConstraint(
            "order_id", "listing_id", name="order_lines_order_listing_key"
        ),
        CheckConstraint("quantity > 0", name="order_lines_quantity_check"),
        CheckConstraint(
            "unit_price >= 0 AND unit_price <> 'NaN'", name="order_lines_price_check"
        ),
        CheckConstraint(
            "amount = unit_price * quantity", name="order_lines_amount_check"
        ),
        CheckConstraint("fee BETWEEN 0 AND amount", name="order_lines_fee_check"),
        refers("order_id", "marketplace.orders.id", name="fk_order_lines_order"),
        refers(
            "listing_id",
            "marketplace.listings.id",
            name="fk_order_lines_listing",
            ondelete=None,
        ),
        Index("idx_order_lines_listing", "listing_id"),
        {
            "schema": "marketplace",
            "comment": "What an order is made of, one row an offer in an order; "
            "written by the service",
            "info": {"rls": "owner"},
        },
    )

    id: Mapped[UuidPk]
    order_id: Mapped[uuid.UUID] = mapped_column(comment="Order; the row goes with it")
    listing_id: Mapped[uuid.UUID] = mapped_column(
        comment="What was bought; cannot go once it was"
    )
    quantity: Mapped[int] = mapped_column(server_default=text("1"), comment="How many")
    unit_price: Mapped[Amount] = mapped_column(
        comment="Price of one at that time, in the order's currency"
    )
    amount: Mapped[Amount] = mapped_column(comment="Price of all of them")
    fee: Mapped[Amount] = mapped_column(
        server_default=text("0"),
        comment="What the platform keeps of it; the creators share the rest",
    )
    created_at: Mapped[CreatedAt]

    order: Mapped["Order"] = relationship(back_populates="lines")
    listing: Mapped["Listing"] = relationship(back_populates="order_lines")
    earnings: Mapped[list["Earning"]] = relationship(
        back_populates="line", passive_deletes="all"
    )

    shown = (
        "id",
        "order_id",
        "listing_id",
    )


class Payout(Base):
    """Money sent to a creator."""

    __tablename__ = "payouts"
    __table_args__ = (
        UniqueConstraint(
            "id", "creator_id", "currency", name="payouts_creator_currency_key"
        ),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="payouts_currency_check"),
        CheckConstraint("amount > 0 AND amount <> 'NaN'", name="payouts_amount_check"),
        listed("status", "pending", "sent", "failed", name="payouts_status_check"),
        CheckConstraint(
            "(status = 'sent') = (sent_at IS NOT NULL)", name="payouts_sent_check"
        ),
        CheckConstraint(
            "(status = 'failed') = (failure IS NOT NULL)", name="payouts_failure_check"
        ),
        refers(
            "creator_id",
            "marketplace.creators.id",
            name="fk_payouts_creator",
            ondelete=None,
        ),
        refers(
            "account_id",
            "financial.accounts.id",
            name="fk_payouts_account",
            ondelete="SET NULL",
        ),
        Index("idx_payouts_creator_created", "creator_id", text("created_at DESC")),
        Index("idx_payouts_account", "account_id"),
        Index(
            "idx_payouts_to_send",
            "created_at",
            postgresql_where=text("status = 'pending'"),
        ),
        {
            "schema": "marketplace",
            "comment": "Money sent to creators, one row a transfer; written by the "
            "service",
            "info": {"rls": "owner"},
        },
    )

    id: Mapped[UuidPk]
    creator_id: Mapped[uuid.UUID] = mapped_column(comment="Who gets it; cannot go")
    currency: Mapped[str] = mapped_column(comment="ISO 4217 code of the amount")
    amount: Mapped[Amount] = mapped_column(comment="Sum of the earnings that it pays")
    status: Mapped[str] = mapped_column(
        server_default="pending", comment="pending, sent or failed"
    )
    account_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Account that it was booked on; NULL once that has gone"
    )
    until: Mapped[Timestamp] = mapped_column(
        comment="Earnings before this moment are in it"
    )
    sent_at: Mapped[Timestamp | None] = mapped_column(
        comment="When it was sent; NULL: not yet"
    )
    failure: Mapped[str | None] = mapped_column(comment="Why it could not be sent")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    creator: Mapped["Creator"] = relationship(back_populates="payouts")
    account: Mapped["Account | None"] = relationship(back_populates="payouts")
    earnings: Mapped[list["Earning"]] = relationship(
        back_populates="payout", viewonly=True
    )

    shown = (
        "id",
        "creator_id",
        "status",
    )


class Earning(Base):
    """A creator's share of a line, or what went back of it."""

    __tablename__ = "earnings"
    __table_args__ = (
        UniqueConstraint(
            "line_id", "creator_id", "kind", name="earnings_line_creator_kind_key"
        ),
        listed("kind", "sale", "refund", name="earnings_kind_check"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="earnings_currency_check"),
        CheckConstraint(
            "CASE kind WHEN 'sale' THEN amount >= 0 ELSE amount <= 0 END "
            "AND amount <> 'NaN'",
            name="earnings_amount_check",
        ),
        refers(
            "line_id",
            "marketplace.order_lines.id",
            name="fk_earnings_line",
            ondelete=None,
        ),
        refers(
            "creator_id",
            "marketplace.creators.id",
            name="fk_earnings_creator",
            ondelete=None,
        ),
        ForeignKeyConstraint(
            ["payout_id", "creator_id", "currency"],
            [
                "marketplace.payouts.id",
                "marketplace.payouts.creator_id",
                "marketplace.payouts.currency",
            ],
            name="fk_earnings_payout",
        ),
        Index("idx_earnings_creator_earned", "creator_id", text("earned_at DESC")),
        Index("idx_earnings_payout", "payout_id", "creator_id", "currency"),
        Index(
            "idx_earnings_unpaid",
            "earned_at",
            postgresql_where=text("payout_id IS NULL"),
        ),
        {
            "schema": "marketplace",
            "comment": "What creators earned by a sale, and gave back by a refund, "
            "one row a share of a line; never changed but for its payout",
            "info": {"rls": "owner"},
        },
    )

    id: Mapped[UuidPk]
    line_id: Mapped[uuid.UUID] = mapped_column(
        comment="Line of an order that it comes from; cannot go"
    )
    creator_id: Mapped[uuid.UUID] = mapped_column(comment="Who earned it; cannot go")
    kind: Mapped[str] = mapped_column(
        comment="sale, or refund: what goes back of a sale"
    )
    currency: Mapped[str] = mapped_column(comment="ISO 4217 code of the amount")
    amount: Mapped[Amount] = mapped_column(comment="The share; refunds are negative")
    payout_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Payout that it is in; NULL: not paid yet"
    )
    earned_at: Mapped[Timestamp] = mapped_column(
        server_default=text("now()"), comment="When the order was paid or refunded"
    )

    line: Mapped["OrderLine"] = relationship(back_populates="earnings")
    creator: Mapped["Creator"] = relationship(back_populates="earnings")
    payout: Mapped["Payout | None"] = relationship(
        back_populates="earnings", viewonly=True
    )

    shown = (
        "id",
        "line_id",
        "creator_id",
        "kind",
    )
