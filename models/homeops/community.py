"""What people write in ``marketplace`` (2.0.0), and how it is moderated."""

import uuid
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.homeops.base import Base, UpdatedAt, listed, refers
from models.types import CreatedAt, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.homeops.core import User
    from models.homeops.marketplace import Listing

__all__ = ["ContentReport", "Post", "PostReaction", "Review"]


class Review(Base):
    """What a buyer thinks of an offer."""

    __tablename__ = "reviews"
    __table_args__ = (
        UniqueConstraint("listing_id", "user_id", name="reviews_listing_user_key"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="reviews_rating_check"),
        CheckConstraint("length(body) BETWEEN 1 AND 10000", name="reviews_body_check"),
        listed("status", "pending", "visible", "removed", name="reviews_status_check"),
        refers("listing_id", "marketplace.listings.id", name="fk_reviews_listing"),
        refers("user_id", "core.users.id", name="fk_reviews_user"),
        Index("idx_reviews_user", "user_id"),
        Index(
            "idx_reviews_listing_visible",
            "listing_id",
            text("created_at DESC"),
            postgresql_where=text("status = 'visible'"),
        ),
        Index(
            "idx_reviews_pending",
            "created_at",
            postgresql_where=text("status = 'pending'"),
        ),
        {
            "schema": "marketplace",
            "comment": "What buyers think of what they bought, one row a person and "
            "offer",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    listing_id: Mapped[uuid.UUID] = mapped_column(
        comment="What it is about; the row goes with it"
    )
    user_id: Mapped[uuid.UUID] = mapped_column(
        comment="Who wrote it, core.users.id; the row goes when the user goes"
    )
    rating: Mapped[int] = mapped_column(comment="Stars, from 1 to 5")
    body: Mapped[str | None] = mapped_column(
        comment="What the buyer says; NULL: stars alone"
    )
    status: Mapped[str] = mapped_column(
        server_default="pending", comment="pending (not looked at), visible or removed"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    listing: Mapped["Listing"] = relationship(back_populates="reviews")
    user: Mapped["User"] = relationship(back_populates="reviews")
    reports: Mapped[list["ContentReport"]] = relationship(
        back_populates="review", passive_deletes="all"
    )

    shown = (
        "id",
        "listing_id",
        "user_id",
        "rating",
    )


class Post(Base):
    """A guide, a question, an answer, a remark."""

    __tablename__ = "posts"
    __table_args__ = (
        CheckConstraint("parent_id <> id", name="posts_parent_check"),
        listed(
            "kind",
            "guide",
            "showcase",
            "question",
            "answer",
            "comment",
            name="posts_kind_check",
        ),
        CheckConstraint(
            "(kind IN ('answer', 'comment')) = (parent_id IS NOT NULL)",
            name="posts_answer_check",
        ),
        CheckConstraint(
            "(parent_id IS NULL) = (length(coalesce(title, '')) > 0)",
            name="posts_title_check",
        ),
        CheckConstraint("length(title) <= 300", name="posts_title_length_check"),
        CheckConstraint("length(body) BETWEEN 1 AND 100000", name="posts_body_check"),
        listed(
            "status",
            "draft",
            "pending",
            "visible",
            "removed",
            name="posts_status_check",
        ),
        CheckConstraint(
            "status <> 'visible' OR published_at IS NOT NULL",
            name="posts_published_check",
        ),
        refers("parent_id", "marketplace.posts.id", name="fk_posts_parent"),
        refers(
            "listing_id",
            "marketplace.listings.id",
            name="fk_posts_listing",
            ondelete="SET NULL",
        ),
        refers(
            "author_id", "core.users.id", name="fk_posts_author", ondelete="SET NULL"
        ),
        Index("idx_posts_author", "author_id", text("created_at DESC")),
        Index("idx_posts_parent", "parent_id", "published_at"),
        Index("idx_posts_listing", "listing_id"),
        Index(
            "idx_posts_front",
            text("published_at DESC"),
            postgresql_where=text("status = 'visible' AND parent_id IS NULL"),
        ),
        Index(
            "idx_posts_pending",
            "created_at",
            postgresql_where=text("status = 'pending'"),
        ),
        {
            "schema": "marketplace",
            "comment": "What people write for each other: guides, questions, "
            "answers, remarks, one row a piece",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    author_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Who wrote it, core.users.id; NULL once the person has gone: "
        "the answers stay"
    )
    parent_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="What it answers; NULL for what begins a thread; the row goes with it"
    )
    listing_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Offer that it is about; NULL: of none, or the offer is gone"
    )
    kind: Mapped[str] = mapped_column(
        comment="guide, showcase, question, answer or comment"
    )
    title: Mapped[str | None] = mapped_column(
        comment="Title; NULL for answers and comments"
    )
    body: Mapped[str] = mapped_column(comment="Text, in Markdown")
    status: Mapped[str] = mapped_column(
        server_default="draft",
        comment="draft, pending (not looked at), visible or removed",
    )
    published_at: Mapped[Timestamp | None] = mapped_column(
        comment="When it was first visible; NULL: not yet"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    parent: Mapped["Post | None"] = relationship(
        back_populates="answers", remote_side="Post.id"
    )
    listing: Mapped["Listing | None"] = relationship(back_populates="posts")
    author: Mapped["User | None"] = relationship(back_populates="posts")
    answers: Mapped[list["Post"]] = relationship(
        back_populates="parent", passive_deletes="all"
    )
    reactions: Mapped[list["PostReaction"]] = relationship(
        back_populates="post", passive_deletes="all"
    )
    reports: Mapped[list["ContentReport"]] = relationship(
        back_populates="post", passive_deletes="all"
    )

    shown = (
        "id",
        "author_id",
        "kind",
        "status",
    )


class PostReaction(Base):
    """What a person thinks of a post."""

    __tablename__ = "post_reactions"
    __table_args__ = (
        listed("kind", "like", "helpful", "thanks", name="post_reactions_kind_check"),
        refers("post_id", "marketplace.posts.id", name="fk_post_reactions_post"),
        refers("user_id", "core.users.id", name="fk_post_reactions_user"),
        Index("idx_post_reactions_user", "user_id"),
        {
            "schema": "marketplace",
            "comment": "What people think of posts, one row a person and post",
            "info": {"rls": "members"},
        },
    )

    post_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Post; the row goes with it"
    )
    user_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True,
        comment="Whose it is, core.users.id; the row goes when the user goes",
    )
    kind: Mapped[str] = mapped_column(comment="like, helpful or thanks")
    created_at: Mapped[CreatedAt]

    post: Mapped["Post"] = relationship(back_populates="reactions")
    user: Mapped["User"] = relationship(back_populates="post_reactions")

    shown = (
        "post_id",
        "user_id",
        "kind",
    )


class ContentReport(Base):
    """A complaint about a post, a review or an offer."""

    __tablename__ = "content_reports"
    __table_args__ = (
        UniqueConstraint(
            "reporter_id",
            "post_id",
            "review_id",
            "listing_id",
            name="content_reports_once_key",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint(
            "num_nonnulls(post_id, review_id, listing_id) = 1",
            name="content_reports_subject_check",
        ),
        listed(
            "reason",
            "spam",
            "abuse",
            "unsafe",
            "copyright",
            "other",
            name="content_reports_reason_check",
        ),
        CheckConstraint("length(note) <= 10000", name="content_reports_note_check"),
        listed(
            "status", "open", "upheld", "dismissed", name="content_reports_status_check"
        ),
        CheckConstraint(
            "(status = 'open') = (decided_at IS NULL)",
            name="content_reports_decided_check",
        ),
        refers("post_id", "marketplace.posts.id", name="fk_content_reports_post"),
        refers("review_id", "marketplace.reviews.id", name="fk_content_reports_review"),
        refers(
            "listing_id", "marketplace.listings.id", name="fk_content_reports_listing"
        ),
        refers("reporter_id", "core.users.id", name="fk_content_reports_reporter"),
        refers(
            "decided_by",
            "core.users.id",
            name="fk_content_reports_decided_by",
            ondelete="SET NULL",
        ),
        Index("idx_content_reports_post", "post_id"),
        Index("idx_content_reports_review", "review_id"),
        Index("idx_content_reports_listing", "listing_id"),
        Index("idx_content_reports_decided_by", "decided_by"),
        Index(
            "idx_content_reports_open",
            "created_at",
            postgresql_where=text("status = 'open'"),
        ),
        {
            "schema": "marketplace",
            "comment": "What somebody finds wrong with a post, a review or an offer, "
            "and what was decided, one row a report",
            "info": {"rls": "owner"},
        },
    )

    id: Mapped[UuidPk]
    reporter_id: Mapped[uuid.UUID] = mapped_column(
        comment="Who reports it, core.users.id; the row goes when the user goes"
    )
    post_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Post, or NULL; the row goes with it"
    )
    review_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Review, or NULL; the row goes with it"
    )
    listing_id: Mapped[uuid.UUID | None] = mapped_column(
        comment="Offer, or NULL; the row goes with it"
    )
    reason: Mapped[str] = mapped_column(
        comment="spam, abuse, unsafe, copyright or other"
    )
    note: Mapped[str | None] = mapped_column(comment="What the reporter says")
    status: Mapped[str] = mapped_column(
        server_default="open", comment="open, upheld (it was removed) or dismissed"
    )
    decided_by: Mapped[uuid.UUID | None] = mapped_column(
        comment="Administrator who decided; NULL: none yet, or the person has gone"
    )
    decided_at: Mapped[Timestamp | None] = mapped_column(comment="When it was decided")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    post: Mapped["Post | None"] = relationship(back_populates="reports")
    review: Mapped["Review | None"] = relationship(back_populates="reports")
    listing: Mapped["Listing | None"] = relationship(back_populates="reports")
    reporter: Mapped["User"] = relationship(
        back_populates="content_reports", foreign_keys=[reporter_id]
    )
    decider: Mapped["User | None"] = relationship(
        back_populates="decided_reports", foreign_keys=[decided_by]
    )

    shown = (
        "id",
        "reason",
        "status",
    )
