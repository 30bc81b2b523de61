"""Marketplace of ``marketplace`` (2.0.0): who offers what, and who shares in it."""

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.homeops.base import Amount, Base, UpdatedAt, listed, refers
from models.types import CreatedAt, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.homeops.community import ContentReport, Post, Review
    from models.homeops.core import User
    from models.homeops.financial import Account
    from models.homeops.sales import Earning, OrderLine, Payout

__all__ = ["Creator", "Listing", "PayoutMethod", "RevenueShare"]


class Creator(Base):
    """Somebody who offers things, of this household or of another."""

    __tablename__ = "creators"
    __table_args__ = (
        UniqueConstraint("user_id", name="creators_user_key"),
        UniqueConstraint("handle", name="creators_handle_key"),
        CheckConstraint(
            "handle ~ '^[a-z0-9][a-z0-9-]{2,29}$'", name="creators_handle_check"
        ),
        CheckConstraint(
            "length(display_name) BETWEEN 1 AND 100", name="creators_display_name_check"
        ),
        CheckConstraint("length(bio) <= 10000", name="creators_bio_check"),
        listed("status", "active", "suspended", "closed", name="creators_status_check"),
        refers(
            "user_id", "core.users.id", name="fk_creators_user", ondelete="SET NULL"
        ),
        {
            "schema": "marketplace",
            "comment": "Who offers things in the marketplace, one row a name; those "
            "of other households have no user",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    user_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Person of this household, core.users.id; NULL for others, and "
        "once the person has gone"
    )
    handle: Mapped[str] = mapped_column(comment="Name in addresses, in lower case")
    display_name: Mapped[str] = mapped_column(comment="Name shown to buyers")
    bio: Mapped[str | None] = mapped_column(comment="What they say of themselves")
    status: Mapped[str] = mapped_column(
        server_default="active", comment="active, suspended (sells nothing) or closed"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    user: Mapped["User | None"] = relationship(back_populates="creator")
    payout_method: Mapped["PayoutMethod | None"] = relationship(
        back_populates="creator", passive_deletes="all"
    )
    listings: Mapped[list["Listing"]] = relationship(
        back_populates="creator", passive_deletes="all"
    )
    shares: Mapped[list["RevenueShare"]] = relationship(
        back_populates="creator", passive_deletes="all"
    )
    payouts: Mapped[list["Payout"]] = relationship(
        back_populates="creator", passive_deletes="all"
    )
    earnings: Mapped[list["Earning"]] = relationship(
        back_populates="creator", passive_deletes="all"
    )

    shown = (
        "id",
        "handle",
        "status",
    )


class PayoutMethod(Base):
    """Where a creator's money goes."""

    __tablename__ = "payout_methods"
    __table_args__ = (
        CheckConstraint(
            "minimum_amount > 0 AND minimum_amount <> 'NaN'",
            name="payout_methods_minimum_check",
        ),
        refers(
            "creator_id", "marketplace.creators.id", name="fk_payout_methods_creator"
        ),
        refers("account_id", "financial.accounts.id", name="fk_payout_methods_account"),
        Index("idx_payout_methods_account", "account_id"),
        {
            "schema": "marketplace",
            "comment": "Where a creator's money goes, one row a creator",
            "info": {"rls": "owner"},
        },
    )

    creator_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Creator; the row goes with it"
    )
    account_id: Mapped[uuid.UUID] = mapped_column(
        comment="Account that payouts are booked on; the row goes with it"
    )
    minimum_amount: Mapped[Amount] = mapped_column(
        server_default=text("10"),
        comment="Least sum that is paid out, in the account's currency",
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    creator: Mapped["Creator"] = relationship(back_populates="payout_method")
    account: Mapped["Account"] = relationship(back_populates="payout_methods")

    shown = ("creator_id",)


class Listing(Base):
    """An offer."""

    __tablename__ = "listings"
    __table_args__ = (
        UniqueConstraint("creator_id", "slug", name="listings_creator_slug_key"),
        CheckConstraint(
            "slug ~ '^[a-z0-9][a-z0-9-]{0,79}$'", name="listings_slug_check"
        ),
        listed(
            "kind",
            "automation",
            "dashboard",
            "playlist",
            "guide",
            "device",
            "service",
            name="listings_kind_check",
        ),
        CheckConstraint("length(title) BETWEEN 1 AND 200", name="listings_title_check"),
        CheckConstraint(
            "length(description) <= 100000", name="listings_description_check"
        ),
        CheckConstraint(
            "cardinality(tags) <= 20 AND array_position(tags, NULL) IS NULL "
            "AND length(array_to_string(tags, ',')) <= 1000 "
            "AND array_to_string(tags, ',') = lower(array_to_string(tags, ','))",
            name="listings_tags_check",
        ),
        CheckConstraint("price >= 0 AND price <> 'NaN'", name="listings_price_check"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="listings_currency_check"),
        CheckConstraint("stock >= 0", name="listings_stock_check"),
        listed(
            "status",
            "draft",
            "in_review",
            "published",
            "rejected",
            "withdrawn",
            name="listings_status_check",
        ),
        CheckConstraint(
            "status <> 'published' OR published_at IS NOT NULL",
            name="listings_published_check",
        ),
        refers(
            "creator_id",
            "marketplace.creators.id",
            name="fk_listings_creator",
            ondelete=None,
        ),
        Index(
            "idx_listings_window",
            "kind",
            text("published_at DESC"),
            postgresql_where=text("status = 'published'"),
        ),
        Index("idx_listings_tags", "tags", postgresql_using="gin"),
        Index(
            "idx_listings_in_review",
            "updated_at",
            postgresql_where=text("status = 'in_review'"),
        ),
        {
            "schema": "marketplace",
            "comment": "What is offered in the marketplace, one row an offer",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    creator_id: Mapped[uuid.UUID] = mapped_column(
        comment="Who offers it; cannot go while there are offers"
    )
    slug: Mapped[str] = mapped_column(
        comment="Name in addresses, unique for the creator"
    )
    kind: Mapped[str] = mapped_column(
        comment="automation, dashboard, playlist, guide, device or service"
    )
    title: Mapped[str] = mapped_column(comment="Title shown to buyers")
    description: Mapped[str] = mapped_column(comment="What one gets, for buyers")
    tags: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default="{}", comment="Words to find it by, in lower case"
    )
    price: Mapped[Amount] = mapped_column(comment="Price of one; 0 is free")
    currency: Mapped[str] = mapped_column(
        server_default="USD", comment="ISO 4217 code of the price"
    )
    stock: Mapped[int | None] = mapped_column(
        comment="How many are left; NULL: it can be sold without end"
    )
    status: Mapped[str] = mapped_column(
        server_default="draft",
        comment="draft, in_review, published, rejected or withdrawn",
    )
    published_at: Mapped[Timestamp | None] = mapped_column(
        comment="When it was first to be had; NULL: not yet"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    creator: Mapped["Creator"] = relationship(back_populates="listings")
    shares: Mapped[list["RevenueShare"]] = relationship(
        back_populates="listing", passive_deletes="all"
    )
    order_lines: Mapped[list["OrderLine"]] = relationship(
        back_populates="listing", passive_deletes="all"
    )
    reviews: Mapped[list["Review"]] = relationship(
        back_populates="listing", passive_deletes="all"
    )
    posts: Mapped[list["Post"]] = relationship(
        back_populates="listing", passive_deletes="all"
    )
    reports: Mapped[list["ContentReport"]] = relationship(
        back_populates="listing", passive_deletes="all"
    )

    shown = (
        "id",
        "creator_id",
        "slug",
        "status",
    )


class RevenueShare(Base):
    """A creator's share of what an offer earns; all of an offer's are 100 %."""

    __tablename__ = "revenue_shares"
    __table_args__ = (
        CheckConstraint(
            "share_bp BETWEEN 1 AND 10000", name="revenue_shares_share_check"
        ),
        refers(
            "listing_id", "marketplace.listings.id", name="fk_revenue_shares_listing"
        ),
        refers(
            "creator_id",
            "marketplace.creators.id",
            name="fk_revenue_shares_creator",
            ondelete=None,
        ),
        Index("idx_revenue_shares_creator", "creator_id"),
        {
            "schema": "marketplace",
            "comment": "Who gets how much of what an offer earns, one row a creator "
            "of an offer; without any, all goes to who offers it",
            "info": {"rls": "owner"},
        },
    )

    listing_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Offer; the row goes with it"
    )
    creator_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Who has the share; cannot go while it has one"
    )
    share_bp: Mapped[int] = mapped_column(
        comment="Share in hundredths of a percent; those of an offer are 10000 in all"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    listing: Mapped["Listing"] = relationship(back_populates="shares")
    creator: Mapped["Creator"] = relationship(back_populates="shares")

    shown = (
        "listing_id",
        "creator_id",
        "share_bp",
    )
