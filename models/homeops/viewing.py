"""Viewing analytics of ``media`` (1.2.0): events, where to go on, days."""

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.homeops.base import Base, UpdatedAt, listed, refers
from models.types import CreatedAt, Timestamp

if TYPE_CHECKING:
    from models.homeops.core import User
    from models.homeops.media import Item, ViewingSession

__all__ = ["PlaybackEvent", "PlaybackPosition", "ViewingDay"]


class PlaybackEvent(Base):
    """What happened while something was played."""

    __tablename__ = "playback_events"
    __table_args__ = (
        refers(
            "session_id", "media.viewing_history.id", name="fk_playback_events_session"
        ),
        listed(
            "kind",
            "play",
            "pause",
            "seek",
            "stop",
            "finish",
            "error",
            name="playback_events_kind_check",
        ),
        CheckConstraint("position_s >= 0", name="playback_events_position_check"),
        CheckConstraint(
            "(kind = 'seek') = (target_s IS NOT NULL)",
            name="playback_events_target_check",
        ),
        CheckConstraint("target_s >= 0", name="playback_events_target_position_check"),
        Index("idx_playback_events_occurred", "occurred_at", postgresql_using="brin"),
        {
            "schema": "media",
            "comment": "What happened while something was played, one row an"
            " event; written by the player, never changed",
            "info": {"rls": "owner"},
        },
    )

    session_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Session of viewing_history; the row goes with it"
    )
    occurred_at: Mapped[Timestamp] = mapped_column(
        primary_key=True, comment="When it happened"
    )
    kind: Mapped[str] = mapped_column(
        primary_key=True, comment="play, pause, seek, stop, finish or error"
    )
    position_s: Mapped[int] = mapped_column(
        comment="Where in the work, in seconds from its beginning"
    )
    target_s: Mapped[int | None] = mapped_column(
        comment="Where a seek went to, in seconds; NULL for the others"
    )
    device_name: Mapped[str | None] = mapped_column(comment="What it was played on")

    session: Mapped["ViewingSession"] = relationship(back_populates="events")

    shown = ("session_id", "occurred_at", "kind")


class PlaybackPosition(Base):
    """Where somebody stopped, to go on from there on any device."""

    __tablename__ = "playback_positions"
    __table_args__ = (
        refers("user_id", "core.users.id", name="fk_playback_positions_user"),
        refers("item_id", "media.items.id", name="fk_playback_positions_item"),
        CheckConstraint("position_s >= 0", name="playback_positions_position_check"),
        CheckConstraint("play_count >= 0", name="playback_positions_play_count_check"),
        Index("idx_playback_positions_item", "item_id"),
        Index(
            "idx_playback_positions_unfinished",
            "user_id",
            text("last_played_at DESC"),
            postgresql_where=text("NOT is_finished"),
        ),
        {
            "schema": "media",
            "comment": "Where people stopped, one row a work and person",
            "info": {"rls": "owner"},
        },
    )

    user_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True,
        comment="Who it was, core.users.id; the row goes when the user goes",
    )
    item_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="What was played; the row goes with it"
    )
    position_s: Mapped[int] = mapped_column(
        comment="Where to go on, in seconds from its beginning"
    )
    play_count: Mapped[int] = mapped_column(
        server_default=text("0"), comment="How often it was played to its end"
    )
    is_finished: Mapped[bool] = mapped_column(
        server_default=text("false"), comment="Whether there is nothing to go on with"
    )
    last_played_at: Mapped[Timestamp] = mapped_column(
        server_default=text("now()"), comment="When it was last played"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    user: Mapped["User"] = relationship(back_populates="playback_positions")
    item: Mapped["Item"] = relationship(back_populates="playback_positions")

    shown = ("user_id", "item_id", "position_s")


class ViewingDay(Base):
    """What somebody watched, heard or read on a day: the roll-up of the history."""

    __tablename__ = "viewing_days"
    __table_args__ = (
        refers("user_id", "core.users.id", name="fk_viewing_days_user"),
        listed(
            "item_type",
            "movie",
            "episode",
            "track",
            "album",
            "photo",
            "book",
            "other",
            name="viewing_days_item_type_check",
        ),
        CheckConstraint(
            "session_count > 0 AND item_count BETWEEN 1 AND session_count AND"
            " completed_count BETWEEN 0 AND session_count",
            name="viewing_days_counts_check",
        ),
        CheckConstraint("watched_s >= 0", name="viewing_days_watched_check"),
        Index("idx_viewing_days_day", "viewed_on"),
        {
            "schema": "media",
            "comment": "What people watched, heard or read a day, one row a"
            " person, day and kind; written by the service",
            "info": {"rls": "owner"},
        },
    )

    user_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True,
        comment="Who it was, core.users.id; the row goes when the user goes",
    )
    viewed_on: Mapped[dt.date] = mapped_column(
        primary_key=True, comment="Day in the household's time zone"
    )
    item_type: Mapped[str] = mapped_column(
        primary_key=True, comment="Kind of work, as in items"
    )
    session_count: Mapped[int] = mapped_column(
        comment="How many sessions began on that day"
    )
    item_count: Mapped[int] = mapped_column(comment="How many different works")
    watched_s: Mapped[int] = mapped_column(BigInteger, comment="Seconds in all")
    completed_count: Mapped[int] = mapped_column(
        comment="How many sessions went to the end"
    )
    computed_at: Mapped[Timestamp] = mapped_column(
        server_default=text("now()"), comment="When it was computed"
    )

    user: Mapped["User"] = relationship(back_populates="viewing_days")

    shown = ("user_id", "viewed_on", "item_type")
