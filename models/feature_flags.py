"""Feature flags set for single users."""

from typing import TYPE_CHECKING

from sqlalchemy import FetchedValue, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.types import CreatedAt, OwnerId, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.auth import AuthUser

__all__ = ["UserFeatureFlag"]


class UserFeatureFlag(Base):
    """An override of one feature flag for one user. Users read, admins write."""

    __tablename__ = "user_feature_flags"
    __table_args__ = (
        UniqueConstraint(
            "user_id", "flag_name", name="user_feature_flags_user_id_flag_name_key"
        ),
        Index("idx_user_feature_flags_user", "user_id"),
        Index("idx_user_feature_flags_flag", "flag_name", "enabled"),
        Index(
            "idx_user_feature_flags_expiry",
            "expires_at",
            postgresql_where=text("expires_at IS NOT NULL"),
        ),
        {
            "comment": "Feature flags overridden for a user, one row a flag",
            "info": {
                "rls": "flags",
                "natural_key": "user_feature_flags_user_id_flag_name_key",
            },
        },
    )

    id: Mapped[UuidPk]
    user_id: Mapped[OwnerId]

    flag_name: Mapped[str] = mapped_column(comment="Name of the flag")
    enabled: Mapped[bool] = mapped_column(
        server_default=text("false"), comment="Whether the feature is on"
    )
    reason: Mapped[str | None] = mapped_column(comment="Why the override was set")
    set_by: Mapped[str | None] = mapped_column(
        comment="Who set it: an admin, the system"
    )
    expires_at: Mapped[Timestamp | None] = mapped_column(
        comment="When it stops to count; never if NULL"
    )
    created_at: Mapped[CreatedAt | None]
    updated_at: Mapped[Timestamp | None] = mapped_column(
        server_default=text("now()"),
        server_onupdate=FetchedValue(),
        comment="When the row last changed, set by a trigger",
    )

    user: Mapped["AuthUser"] = relationship(
        back_populates="feature_flags", viewonly=True
    )

    shown = ("id", "user_id", "flag_name", "enabled")
