"""Genres and moods of ``media`` (1.2.0), and what was heard in each track."""

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.homeops.base import Base, UpdatedAt, listed, refers
from models.homeops.exact import Fraction, Measure
from models.types import CreatedAt, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.homeops.media import Item

__all__ = ["Genre", "ItemGenre", "Mood", "TrackAnalysis"]


class Genre(Base):
    """A genre, and the broader one that it belongs to."""

    __tablename__ = "genres"
    __table_args__ = (
        UniqueConstraint("kind", "name", name="genres_kind_name_key"),
        refers("parent_id", "media.genres.id", name="fk_genres_parent", ondelete=None),
        CheckConstraint("length(name) > 0", name="genres_name_check"),
        listed("kind", "music", "video", "book", name="genres_kind_check"),
        CheckConstraint("parent_id <> id", name="genres_parent_check"),
        Index("idx_genres_parent", "parent_id"),
        {
            "schema": "media",
            "comment": "Genres of music and of everything else, one row a genre",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    name: Mapped[str] = mapped_column(comment="Name of the genre, once for a kind")
    kind: Mapped[str] = mapped_column(comment="music, video or book")
    parent_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Broader genre; NULL at the top"
    )
    description: Mapped[str | None] = mapped_column(comment="What is meant by it")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    parent: Mapped["Genre | None"] = relationship(
        back_populates="children", remote_side="Genre.id"
    )
    children: Mapped[list["Genre"]] = relationship(
        back_populates="parent", passive_deletes="all"
    )
    items: Mapped[list["ItemGenre"]] = relationship(
        back_populates="genre", passive_deletes="all"
    )

    shown = ("id", "kind", "name")


class ItemGenre(Base):
    """That a work is of a genre, and who says so."""

    __tablename__ = "item_genres"
    __table_args__ = (
        refers("item_id", "media.items.id", name="fk_item_genres_item"),
        refers("genre_id", "media.genres.id", name="fk_item_genres_genre"),
        listed("source", "tag", "analysis", "person", name="item_genres_source_check"),
        CheckConstraint("weight > 0 AND weight <= 1", name="item_genres_weight_check"),
        Index("idx_item_genres_genre", "genre_id", text("weight DESC")),
        {
            "schema": "media",
            "comment": "Which genres works are of, one row a genre of a work",
            "info": {"rls": "members"},
        },
    )

    item_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Work; the row goes with it"
    )
    genre_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Genre; the row goes with it"
    )
    source: Mapped[str] = mapped_column(comment="tag (in the file), analysis or person")
    weight: Mapped[Fraction] = mapped_column(
        server_default=text("1"), comment="How much of it the work is, from 0 to 1"
    )
    created_at: Mapped[CreatedAt]

    item: Mapped["Item"] = relationship(back_populates="genres")
    genre: Mapped["Genre"] = relationship(back_populates="items")

    shown = ("item_id", "genre_id")


class Mood(Base):
    """A mood, and where it lies between sad and glad, calm and wild."""

    __tablename__ = "moods"
    __table_args__ = (
        UniqueConstraint("name", name="moods_name_key"),
        CheckConstraint("length(name) > 0", name="moods_name_check"),
        CheckConstraint("valence BETWEEN 0 AND 1", name="moods_valence_check"),
        CheckConstraint("arousal BETWEEN 0 AND 1", name="moods_arousal_check"),
        {
            "schema": "media",
            "comment": "Moods of music, one row a mood",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    name: Mapped[str] = mapped_column(comment="Name of the mood")
    valence: Mapped[Fraction] = mapped_column(comment="From 0, sad, to 1, glad")
    arousal: Mapped[Fraction] = mapped_column(comment="From 0, calm, to 1, wild")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    tracks: Mapped[list["TrackAnalysis"]] = relationship(
        back_populates="mood", passive_deletes="all"
    )

    shown = ("id", "name")


class TrackAnalysis(Base):
    """What the analyser heard in a piece of music."""

    __tablename__ = "track_analyses"
    __table_args__ = (
        refers("item_id", "media.items.id", name="fk_track_analyses_item"),
        refers(
            "mood_id",
            "media.moods.id",
            name="fk_track_analyses_mood",
            ondelete="SET NULL",
        ),
        CheckConstraint(
            "mood_confidence BETWEEN 0 AND 1", name="track_analyses_confidence_check"
        ),
        CheckConstraint("valence BETWEEN 0 AND 1", name="track_analyses_valence_check"),
        CheckConstraint("arousal BETWEEN 0 AND 1", name="track_analyses_arousal_check"),
        CheckConstraint(
            "danceability BETWEEN 0 AND 1", name="track_analyses_danceability_check"
        ),
        CheckConstraint(
            "tempo_bpm BETWEEN 20 AND 400", name="track_analyses_tempo_check"
        ),
        CheckConstraint(
            "loudness_db BETWEEN -100 AND 0", name="track_analyses_loudness_check"
        ),
        CheckConstraint(
            "musical_key ~ '^[A-G][b#]?m?$'", name="track_analyses_key_check"
        ),
        CheckConstraint("length(analyser) > 0", name="track_analyses_analyser_check"),
        Index("idx_track_analyses_mood", "mood_id", text("mood_confidence DESC")),
        Index("idx_track_analyses_feel", "valence", "arousal", "tempo_bpm"),
        Index("idx_track_analyses_analyser", "analyser"),
        {
            "schema": "media",
            "comment": "What the analyser heard in music, one row a track; written"
            " by the service",
            "info": {"rls": "members"},
        },
    )

    item_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Track; the row goes with it"
    )
    mood_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Mood that fits best; NULL if none does"
    )
    mood_confidence: Mapped[Fraction | None] = mapped_column(
        comment="How sure the analyser is of it, from 0 to 1"
    )
    valence: Mapped[Fraction] = mapped_column(comment="From 0, sad, to 1, glad")
    arousal: Mapped[Fraction] = mapped_column(comment="From 0, calm, to 1, wild")
    danceability: Mapped[Fraction] = mapped_column(comment="From 0 to 1")
    tempo_bpm: Mapped[Measure] = mapped_column(comment="Beats a minute")
    loudness_db: Mapped[Measure] = mapped_column(
        comment="Loudness in LUFS, 0 and below"
    )
    musical_key: Mapped[str | None] = mapped_column(
        comment="Key, as in Am or F#; NULL if there is none"
    )
    analyser: Mapped[str] = mapped_column(
        comment="What heard it, with its version: another version hears it again"
    )
    analysed_at: Mapped[Timestamp] = mapped_column(
        server_default=text("now()"), comment="When it was heard"
    )

    item: Mapped["Item"] = relationship(back_populates="analysis")
    mood: Mapped["Mood | None"] = relationship(back_populates="tracks")

    shown = ("item_id", "tempo_bpm")
