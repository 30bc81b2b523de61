"""Schema ``media``: libraries, the works in them, and who watched what."""

import uuid
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.homeops.base import Base, UpdatedAt, listed, refers
from models.types import CreatedAt, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.homeops.assistant import ItemEmbedding
    from models.homeops.core import User
    from models.homeops.music import ItemGenre, TrackAnalysis
    from models.homeops.recommendations import (
        ItemFeedback,
        ItemSimilarity,
        Recommendation,
    )
    from models.homeops.viewing import PlaybackEvent, PlaybackPosition

__all__ = ["Item", "Library", "ViewingSession"]


class Library(Base):
    """A collection of films, series, music, photos or books."""

    __tablename__ = "libraries"
    __table_args__ = (
        UniqueConstraint("user_id", "name", name="libraries_user_name_key"),
        refers("user_id", "core.users.id", name="fk_libraries_user"),
        CheckConstraint("length(name) > 0", name="libraries_name_check"),
        listed(
            "type",
            "movies", "tv", "music", "photos", "books", "mixed",
            name="libraries_type_check",
        ),
        {
            "schema": "media",
            "comment": "Collections of films, series, music, photos and books, one row"
            " a collection",
            "info": {"rls": "owner"},
        },
    )  # fmt: skip

    id: Mapped[UuidPk]
    user_id: Mapped[uuid.UUID] = mapped_column(
        comment="Who manages it, core.users.id; it goes when the user goes"
    )
    name: Mapped[str] = mapped_column(comment="Name shown to the household")
    type: Mapped[str] = mapped_column(
        comment="movies, tv, music, photos, books or mixed"
    )
    path: Mapped[str | None] = mapped_column(comment="Folder on the media server")
    is_shared: Mapped[bool] = mapped_column(
        server_default=text("true"), comment="Whether the whole household sees it"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    user: Mapped["User"] = relationship(back_populates="libraries")
    items: Mapped[list["Item"]] = relationship(
        back_populates="library", passive_deletes="all"
    )

    shown = ("id", "user_id", "name", "type")


class Item(Base):
    """A film, an episode, a song, a photo or a book."""

    __tablename__ = "items"
    __table_args__ = (
        UniqueConstraint("library_id", "file_path", name="items_file_path_key"),
        refers("library_id", "media.libraries.id", name="fk_items_library"),
        CheckConstraint("length(title) > 0", name="items_title_check"),
        listed(
            "type",
            "movie", "episode", "track", "album", "photo", "book", "other",
            name="items_type_check",
        ),
        CheckConstraint(
            "release_year BETWEEN 1 AND 9999", name="items_release_year_check"
        ),
        CheckConstraint("duration_s >= 0", name="items_duration_check"),
        Index("idx_items_library_title", "library_id", "title"),
        Index("idx_items_type_year", "type", "release_year"),
        Index(
            "idx_items_creator",
            "creator",
            postgresql_where=text("creator IS NOT NULL"),
        ),
        {
            "schema": "media",
            "comment": "Films, episodes, songs, photos and books, one row a work",
            "info": {"rls": "owner"},
        },
    )  # fmt: skip

    id: Mapped[UuidPk]
    library_id: Mapped[uuid.UUID] = mapped_column(
        comment="Library that it is in; the row goes with it"
    )
    title: Mapped[str] = mapped_column(comment="Title of the work")
    type: Mapped[str] = mapped_column(
        comment="movie, episode, track, album, photo, book or other"
    )
    creator: Mapped[str | None] = mapped_column(comment="Director, artist or author")
    release_year: Mapped[int | None] = mapped_column(
        comment="Year in which it came out"
    )
    duration_s: Mapped[int | None] = mapped_column(comment="Length in seconds")
    file_path: Mapped[str | None] = mapped_column(
        comment="Place in the library's folder"
    )
    # "metadata" is SQLAlchemy's own name for something else.
    details: Mapped[dict[str, Any]] = mapped_column(
        "metadata",
        JSONB,
        server_default="{}",
        comment="What else is known: ids elsewhere, tags",
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    library: Mapped["Library"] = relationship(back_populates="items")
    viewing_history: Mapped[list["ViewingSession"]] = relationship(
        back_populates="item", passive_deletes="all"
    )
    recommendations: Mapped[list["Recommendation"]] = relationship(
        back_populates="item",
        passive_deletes="all",
        foreign_keys="Recommendation.item_id",
    )
    led_to: Mapped[list["Recommendation"]] = relationship(
        back_populates="because_item",
        passive_deletes="all",
        foreign_keys="Recommendation.because_item_id",
    )
    similar_items: Mapped[list["ItemSimilarity"]] = relationship(
        back_populates="item",
        passive_deletes="all",
        foreign_keys="ItemSimilarity.item_id",
    )
    similar_to: Mapped[list["ItemSimilarity"]] = relationship(
        back_populates="similar_item",
        passive_deletes="all",
        foreign_keys="ItemSimilarity.similar_item_id",
    )
    feedback: Mapped[list["ItemFeedback"]] = relationship(
        back_populates="item", passive_deletes="all"
    )
    playback_positions: Mapped[list["PlaybackPosition"]] = relationship(
        back_populates="item", passive_deletes="all"
    )
    genres: Mapped[list["ItemGenre"]] = relationship(
        back_populates="item", passive_deletes="all"
    )
    analysis: Mapped["TrackAnalysis | None"] = relationship(
        back_populates="item", passive_deletes="all"
    )
    embeddings: Mapped[list["ItemEmbedding"]] = relationship(
        back_populates="item", passive_deletes="all"
    )

    shown = ("id", "library_id", "title", "type")


class ViewingSession(Base):
    """One time that somebody watched, heard or read something."""

    __tablename__ = "viewing_history"
    __table_args__ = (
        refers("user_id", "core.users.id", name="fk_viewing_history_user"),
        refers("item_id", "media.items.id", name="fk_viewing_history_item"),
        CheckConstraint("watched_s >= 0", name="viewing_history_watched_check"),
        Index("idx_viewing_history_user_started", "user_id", text("started_at DESC")),
        Index("idx_viewing_history_item", "item_id"),
        Index("idx_viewing_history_started", "started_at", postgresql_using="brin"),
        {
            "schema": "media",
            "comment": "Who watched, heard or read what, one row a session",
            "info": {"rls": "owner"},
        },
    )

    id: Mapped[UuidPk]
    user_id: Mapped[uuid.UUID] = mapped_column(
        comment="Who it was, core.users.id; the row goes when the user goes"
    )
    item_id: Mapped[uuid.UUID] = mapped_column(
        comment="What it was; the row goes with it"
    )
    started_at: Mapped[Timestamp] = mapped_column(
        server_default=text("now()"), comment="When the session began"
    )
    watched_s: Mapped[int] = mapped_column(
        server_default=text("0"), comment="How long it lasted, in seconds"
    )
    is_completed: Mapped[bool] = mapped_column(
        server_default=text("false"), comment="Whether it was played to its end"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    user: Mapped["User"] = relationship(back_populates="viewing_history")
    item: Mapped["Item"] = relationship(back_populates="viewing_history")
    events: Mapped[list["PlaybackEvent"]] = relationship(
        back_populates="session", passive_deletes="all"
    )

    shown = ("id", "user_id", "item_id", "started_at")
