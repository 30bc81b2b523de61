"""Personalization, a table that was there before this project."""

import datetime as dt
import uuid

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import UtcDateTime

__all__ = ["UserPersonalization"]


class UserPersonalization(Base):
    """What a user said about aims and experience."""

    __tablename__ = "user_personalization"
    __table_args__ = (
        {
            "comment": "What users said about their aims and experience",
            "info": {"rls": "existing", "managed": False},
        },
    )

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Row id, given by the application"
    )
    user_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Owner, auth.users.id; no foreign key holds it"
    )
    first_name: Mapped[str | None] = mapped_column(comment="How to address the user")
    investment_goals: Mapped[list[str] | None] = mapped_column(
        ARRAY(Text), comment="Goals that the user chose"
    )
    risk_tolerance: Mapped[str | None] = mapped_column(comment="Risk the user accepts")
    investment_timeline: Mapped[str | None] = mapped_column(
        comment="How long the user means to invest"
    )
    experience_level: Mapped[str | None] = mapped_column(
        comment="Experience with investing"
    )
    monthly_investment_goal: Mapped[int | None] = mapped_column(
        comment="Whole US dollars a month"
    )
    market_interests: Mapped[list[str] | None] = mapped_column(
        ARRAY(Text), comment="Markets that interest the user"
    )
    created_at: Mapped[dt.datetime | None] = mapped_column(
        UtcDateTime, comment="When the row was made"
    )
    updated_at: Mapped[dt.datetime | None] = mapped_column(
        UtcDateTime, comment="When the row last changed"
    )
