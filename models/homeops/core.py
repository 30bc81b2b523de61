"""Schema ``core``: who belongs to the household, and its settings."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.homeops.base import Base, UpdatedAt, listed
from models.types import CreatedAt, SecretText, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.homeops.assistant import Conversation
    from models.homeops.automation import Automation, DeviceAction, LearnedPattern
    from models.homeops.community import ContentReport, Post, PostReaction, Review
    from models.homeops.financial import Account
    from models.homeops.maintenance import (
        DeviceFault,
        MaintenancePlan,
        MaintenanceRecord,
    )
    from models.homeops.marketplace import Creator
    from models.homeops.media import Library, ViewingSession
    from models.homeops.performance import Portfolio
    from models.homeops.predictions import Forecast
    from models.homeops.recommendations import ItemFeedback, RecommendationRun
    from models.homeops.sales import Order
    from models.homeops.trading import TradingAlert
    from models.homeops.viewing import PlaybackPosition, ViewingDay

__all__ = ["SystemConfig", "User"]


class User(Base):
    """A person of the household. ``auth.uid()`` returns the id.

    ``password_hash`` is closed to the API, and is loaded only when asked for.
    """

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("email", name="users_email_key"),
        CheckConstraint(
            "email = lower(email) AND email LIKE '_%@_%'", name="users_email_check"
        ),
        CheckConstraint(
            r"password_hash ~ '^\$[0-9a-z-]+\$[^ ]{20,}$'",
            name="users_password_hash_check",
        ),
        CheckConstraint("length(full_name) > 0", name="users_full_name_check"),
        listed("role", "admin", "user", "guest", name="users_role_check"),
        {
            "schema": "core",
            "comment": "People of the household who may sign in, one row a person",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk] = mapped_column(
        comment="User id; what auth.uid() returns for this person"
    )
    email: Mapped[str] = mapped_column(comment="Address to sign in with, in lower case")
    password_hash: Mapped[str | None] = mapped_column(
        SecretText,
        deferred=True,
        comment="Hash in crypt(3) format, never the password; NULL: signs in elsewhere",
    )
    full_name: Mapped[str] = mapped_column(comment="Name shown to the household")
    role: Mapped[str] = mapped_column(
        server_default="user",
        comment="admin: changes what all share; user; guest: a user, to whom the "
        "application may show less",
    )
    is_active: Mapped[bool] = mapped_column(
        server_default=text("true"),
        comment="Whether the person still belongs to the household",
    )
    last_sign_in_at: Mapped[Timestamp | None] = mapped_column(
        comment="When the person last signed in"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    accounts: Mapped[list["Account"]] = relationship(
        back_populates="user", passive_deletes="all"
    )
    libraries: Mapped[list["Library"]] = relationship(
        back_populates="user", passive_deletes="all"
    )
    viewing_history: Mapped[list["ViewingSession"]] = relationship(
        back_populates="user", passive_deletes="all"
    )
    trading_alerts: Mapped[list["TradingAlert"]] = relationship(
        back_populates="user", passive_deletes="all"
    )
    portfolios: Mapped[list["Portfolio"]] = relationship(
        back_populates="user", passive_deletes="all"
    )
    recommendation_runs: Mapped[list["RecommendationRun"]] = relationship(
        back_populates="user", passive_deletes="all"
    )
    item_feedback: Mapped[list["ItemFeedback"]] = relationship(
        back_populates="user", passive_deletes="all"
    )
    playback_positions: Mapped[list["PlaybackPosition"]] = relationship(
        back_populates="user", passive_deletes="all"
    )
    viewing_days: Mapped[list["ViewingDay"]] = relationship(
        back_populates="user", passive_deletes="all"
    )
    automations: Mapped[list["Automation"]] = relationship(
        back_populates="creator", passive_deletes="all"
    )
    device_actions: Mapped[list["DeviceAction"]] = relationship(
        back_populates="user", passive_deletes="all"
    )
    decided_patterns: Mapped[list["LearnedPattern"]] = relationship(
        back_populates="decider", passive_deletes="all"
    )
    maintenance_plans: Mapped[list["MaintenancePlan"]] = relationship(
        back_populates="assignee", passive_deletes="all"
    )
    reported_faults: Mapped[list["DeviceFault"]] = relationship(
        back_populates="reporter", passive_deletes="all"
    )
    maintenance_records: Mapped[list["MaintenanceRecord"]] = relationship(
        back_populates="doer", passive_deletes="all"
    )
    creator: Mapped["Creator | None"] = relationship(
        back_populates="user", passive_deletes="all"
    )
    orders: Mapped[list["Order"]] = relationship(
        back_populates="buyer", passive_deletes="all"
    )
    reviews: Mapped[list["Review"]] = relationship(
        back_populates="user", passive_deletes="all"
    )
    posts: Mapped[list["Post"]] = relationship(
        back_populates="author", passive_deletes="all"
    )
    post_reactions: Mapped[list["PostReaction"]] = relationship(
        back_populates="user", passive_deletes="all"
    )
    content_reports: Mapped[list["ContentReport"]] = relationship(
        back_populates="reporter",
        passive_deletes="all",
        foreign_keys="ContentReport.reporter_id",
    )
    decided_reports: Mapped[list["ContentReport"]] = relationship(
        back_populates="decider",
        passive_deletes="all",
        foreign_keys="ContentReport.decided_by",
    )
    conversations: Mapped[list["Conversation"]] = relationship(
        back_populates="user", passive_deletes="all"
    )
    forecasts: Mapped[list["Forecast"]] = relationship(
        back_populates="user", passive_deletes="all"
    )

    shown = ("id", "email", "role")


class SystemConfig(Base):
    """A setting of the whole installation."""

    __tablename__ = "system_config"
    __table_args__ = (
        CheckConstraint(
            r"key ~ '^[a-z0-9_]+(\.[a-z0-9_]+)+$'", name="system_config_key_check"
        ),
        CheckConstraint("length(category) > 0", name="system_config_category_check"),
        Index("idx_system_config_category", "category"),
        {
            "schema": "core",
            "comment": "Settings of the whole installation, one row a setting",
            "info": {"rls": "members"},
        },
    )

    key: Mapped[str] = mapped_column(
        primary_key=True, comment="Name with its group: ai.default_model"
    )
    value: Mapped[Any] = mapped_column(JSONB, nullable=False, comment="The setting")
    category: Mapped[str] = mapped_column(
        comment="Group that the setting is shown in; security: for administrators only"
    )
    description: Mapped[str | None] = mapped_column(comment="What it does, for people")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    shown = ("key", "category")
