"""Recommendations of ``media`` (1.2.0): runs, what they found, what people say."""

import uuid
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.homeops.base import Base, UpdatedAt, listed, refers
from models.homeops.exact import Fraction
from models.types import CreatedAt, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.homeops.core import User
    from models.homeops.media import Item

__all__ = ["ItemFeedback", "ItemSimilarity", "Recommendation", "RecommendationRun"]


class RecommendationRun(Base):
    """One time that the engine looked for what somebody might like."""

    __tablename__ = "recommendation_runs"
    __table_args__ = (
        refers("user_id", "core.users.id", name="fk_recommendation_runs_user"),
        CheckConstraint("length(engine) > 0", name="recommendation_runs_engine_check"),
        CheckConstraint(
            "finished_at >= started_at", name="recommendation_runs_times_check"
        ),
        CheckConstraint(
            "expires_at > started_at", name="recommendation_runs_expiry_check"
        ),
        Index(
            "idx_recommendation_runs_user_finished", "user_id", text("finished_at DESC")
        ),
        {
            "schema": "media",
            "comment": "When recommendations were made for whom, one row a run of"
            " the engine; written by the service",
            "info": {"rls": "owner"},
        },
    )

    id: Mapped[UuidPk]
    user_id: Mapped[uuid.UUID] = mapped_column(
        comment="Whom they are for, core.users.id; the row goes when the user goes"
    )
    engine: Mapped[str] = mapped_column(
        comment="What made them, with its version: similar-items/2"
    )
    parameters: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default="{}", comment="Settings of the engine, to repeat the run"
    )
    started_at: Mapped[Timestamp] = mapped_column(
        server_default=text("now()"), comment="When the run began"
    )
    finished_at: Mapped[Timestamp | None] = mapped_column(
        comment="When its recommendations were complete; NULL: not shown yet"
    )
    expires_at: Mapped[Timestamp] = mapped_column(
        comment="When they are too old to be shown"
    )

    user: Mapped["User"] = relationship(back_populates="recommendation_runs")
    recommendations: Mapped[list["Recommendation"]] = relationship(
        back_populates="run", passive_deletes="all"
    )

    shown = ("id", "user_id", "engine", "started_at")


class Recommendation(Base):
    """Something that somebody might like, why, and what came of it."""

    __tablename__ = "recommendations"
    __table_args__ = (
        UniqueConstraint("run_id", "rank", name="recommendations_rank_key"),
        refers("run_id", "media.recommendation_runs.id", name="fk_recommendations_run"),
        refers("item_id", "media.items.id", name="fk_recommendations_item"),
        refers(
            "because_item_id",
            "media.items.id",
            name="fk_recommendations_because_item",
            ondelete="SET NULL",
        ),
        CheckConstraint("rank > 0", name="recommendations_rank_check"),
        CheckConstraint("score BETWEEN 0 AND 1", name="recommendations_score_check"),
        listed(
            "reason",
            "similar",
            "creator",
            "genre",
            "mood",
            "popular",
            "new",
            name="recommendations_reason_check",
        ),
        CheckConstraint(
            "because_item_id <> item_id", name="recommendations_because_check"
        ),
        CheckConstraint("opened_at >= shown_at", name="recommendations_opened_check"),
        Index("idx_recommendations_item", "item_id"),
        Index("idx_recommendations_because", "because_item_id"),
        {
            "schema": "media",
            "comment": "What was recommended and what came of it, one row an item"
            " of a run; written by the service",
            "info": {"rls": "owner"},
        },
    )

    run_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Run that found it; the row goes with it"
    )
    item_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="What is recommended; the row goes with it"
    )
    rank: Mapped[int] = mapped_column(comment="Place in the list, 1 is the best")
    score: Mapped[Fraction] = mapped_column(
        comment="How sure the engine is, from 0 to 1"
    )
    reason: Mapped[str] = mapped_column(
        comment="similar, creator, genre, mood, popular or new"
    )
    because_item_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="What the person liked that led here; NULL if nothing single did"
    )
    shown_at: Mapped[Timestamp | None] = mapped_column(
        comment="When it was first on the screen; NULL: not yet"
    )
    opened_at: Mapped[Timestamp | None] = mapped_column(
        comment="When the person opened it; NULL: never"
    )
    dismissed_at: Mapped[Timestamp | None] = mapped_column(
        comment="When the person said no; NULL: never"
    )
    created_at: Mapped[CreatedAt]

    run: Mapped["RecommendationRun"] = relationship(back_populates="recommendations")
    item: Mapped["Item"] = relationship(
        back_populates="recommendations", foreign_keys=[item_id]
    )
    because_item: Mapped["Item | None"] = relationship(
        back_populates="led_to", foreign_keys=[because_item_id]
    )

    shown = ("run_id", "item_id", "rank", "reason")


class ItemSimilarity(Base):
    """How alike two works are, as one method sees it."""

    __tablename__ = "item_similarities"
    __table_args__ = (
        refers("item_id", "media.items.id", name="fk_item_similarities_item"),
        refers(
            "similar_item_id",
            "media.items.id",
            name="fk_item_similarities_similar_item",
        ),
        CheckConstraint(
            "item_id <> similar_item_id", name="item_similarities_other_check"
        ),
        listed(
            "method",
            "content",
            "listeners",
            "audio",
            name="item_similarities_method_check",
        ),
        CheckConstraint("score BETWEEN 0 AND 1", name="item_similarities_score_check"),
        Index("idx_item_similarities_nearest", "item_id", "method", text("score DESC")),
        Index("idx_item_similarities_similar_item", "similar_item_id"),
        {
            "schema": "media",
            "comment": "How alike works are, one row a neighbour of a work by one"
            " method; written by the service",
            "info": {"rls": "members"},
        },
    )

    item_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Work; the row goes with it"
    )
    similar_item_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Its neighbour; the row goes with it"
    )
    method: Mapped[str] = mapped_column(
        primary_key=True, comment="content, listeners or audio"
    )
    score: Mapped[Fraction] = mapped_column(comment="How alike they are, from 0 to 1")
    computed_at: Mapped[Timestamp] = mapped_column(
        server_default=text("now()"), comment="When it was computed"
    )

    item: Mapped["Item"] = relationship(
        back_populates="similar_items", foreign_keys=[item_id]
    )
    similar_item: Mapped["Item"] = relationship(
        back_populates="similar_to", foreign_keys=[similar_item_id]
    )

    shown = ("item_id", "similar_item_id", "method")


class ItemFeedback(Base):
    """What somebody thinks of a work: stars, or that it shall not come again."""

    __tablename__ = "item_feedback"
    __table_args__ = (
        refers("user_id", "core.users.id", name="fk_item_feedback_user"),
        refers("item_id", "media.items.id", name="fk_item_feedback_item"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="item_feedback_stars_check"),
        Index("idx_item_feedback_item", "item_id"),
        Index(
            "idx_item_feedback_watchlist",
            "user_id",
            "on_watchlist_since",
            postgresql_where=text("on_watchlist_since IS NOT NULL"),
        ),
        {
            "schema": "media",
            "comment": "What people think of works, one row a work and person",
            "info": {"rls": "owner"},
        },
    )

    user_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True,
        comment="Who thinks so, core.users.id; the row goes when the user goes",
    )
    item_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Of what; the row goes with it"
    )
    stars: Mapped[int | None] = mapped_column(comment="From 1 to 5; NULL: not rated")
    is_hidden: Mapped[bool] = mapped_column(
        server_default=text("false"),
        comment="Whether it shall not be recommended again",
    )
    on_watchlist_since: Mapped[Timestamp | None] = mapped_column(
        comment="When it was put on the list to see later; NULL: it is not"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    user: Mapped["User"] = relationship(back_populates="item_feedback")
    item: Mapped["Item"] = relationship(back_populates="feedback")

    shown = ("user_id", "item_id", "stars")
