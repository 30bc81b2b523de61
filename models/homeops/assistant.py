"""Schema ``ai`` (3.0.0): conversations with the assistant, and vectors."""

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

from models.homeops.base import Base, UpdatedAt, listed, refers
from models.homeops.vectors import Vector
from models.types import CreatedAt, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.homeops.core import User
    from models.homeops.media import Item

__all__ = [
    "Conversation",
    "EmbeddingModel",
    "ItemEmbedding",
    "Message",
    "MessageEmbedding",
]


class EmbeddingModel(Base):
    """What turns text into vectors."""

    __tablename__ = "embedding_models"
    __table_args__ = (
        UniqueConstraint("name", name="embedding_models_name_key"),
        UniqueConstraint("id", "dimension", name="embedding_models_dimension_key"),
        CheckConstraint("length(name) > 0", name="embedding_models_name_check"),
        CheckConstraint("length(provider) > 0", name="embedding_models_provider_check"),
        CheckConstraint(
            "dimension BETWEEN 1 AND 16000", name="embedding_models_dimension_check"
        ),
        {
            "schema": "ai",
            "comment": "What turns text into vectors, one row a model; vectors of "
            "different models do not compare",
            "info": {"rls": "members"},
        },
    )

    id: Mapped[UuidPk]
    name: Mapped[str] = mapped_column(
        comment="Name with its version, as its maker writes it"
    )
    provider: Mapped[str] = mapped_column(
        comment="Who runs it: local, or the name of a service"
    )
    dimension: Mapped[int] = mapped_column(
        comment="Numbers of a vector; the tables of vectors hold 384"
    )
    is_active: Mapped[bool] = mapped_column(
        server_default=text("true"), comment="Whether new vectors are made with it"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    message_embeddings: Mapped[list["MessageEmbedding"]] = relationship(
        back_populates="model", passive_deletes="all"
    )
    item_embeddings: Mapped[list["ItemEmbedding"]] = relationship(
        back_populates="model", passive_deletes="all"
    )

    shown = (
        "id",
        "name",
    )


class Conversation(Base):
    """A talk of one person with the assistant."""

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("id", "user_id", name="conversations_owner_key"),
        CheckConstraint("length(title) > 0", name="conversations_title_check"),
        CheckConstraint("length(assistant) > 0", name="conversations_assistant_check"),
        refers("user_id", "core.users.id", name="fk_conversations_user"),
        Index("idx_conversations_user_last", "user_id", text("last_message_at DESC")),
        {
            "schema": "ai",
            "comment": "What people talk about with the assistant, one row a "
            "conversation",
            "info": {"rls": "owner"},
        },
    )

    id: Mapped[UuidPk]
    user_id: Mapped[uuid.UUID] = mapped_column(
        comment="Whose it is, core.users.id; the row goes when the user goes"
    )
    title: Mapped[str | None] = mapped_column(
        comment="Title shown to the person; NULL: none yet"
    )
    assistant: Mapped[str] = mapped_column(
        comment="Language model that answers, with its version"
    )
    is_archived: Mapped[bool] = mapped_column(
        server_default=text("false"), comment="Whether it is out of sight"
    )
    last_message_at: Mapped[Timestamp] = mapped_column(
        server_default=text("now()"), comment="When the last message came"
    )
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    user: Mapped["User"] = relationship(back_populates="conversations")
    messages: Mapped[list["Message"]] = relationship(
        back_populates="conversation",
        passive_deletes="all",
        order_by="Message.position",
    )

    shown = (
        "id",
        "user_id",
    )


class Message(Base):
    """What was said; its text is not in the repr."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("id", "user_id", name="messages_owner_key"),
        UniqueConstraint("conversation_id", "position", name="messages_position_key"),
        CheckConstraint("position > 0", name="messages_position_check"),
        listed(
            "role", "system", "user", "assistant", "tool", name="messages_role_check"
        ),
        CheckConstraint("length(content) > 0", name="messages_content_check"),
        CheckConstraint("token_count >= 0", name="messages_token_count_check"),
        ForeignKeyConstraint(
            ["conversation_id", "user_id"],
            ["ai.conversations.id", "ai.conversations.user_id"],
            name="fk_messages_conversation",
            ondelete="CASCADE",
        ),
        Index("idx_messages_conversation", "conversation_id", "user_id"),
        Index("idx_messages_user_sent", "user_id", text("sent_at DESC")),
        {
            "schema": "ai",
            "comment": "What was said in conversations, one row a message",
            "info": {"rls": "owner"},
        },
    )

    id: Mapped[UuidPk]
    conversation_id: Mapped[uuid.UUID] = mapped_column(
        comment="Conversation; the row goes with it"
    )
    user_id: Mapped[uuid.UUID] = mapped_column(
        comment="Whose conversation it is; always the same as there"
    )
    position: Mapped[int] = mapped_column(
        comment="Place in the conversation, the first is 1"
    )
    role: Mapped[str] = mapped_column(comment="system, user, assistant or tool")
    content: Mapped[str] = mapped_column(comment="What was said")
    token_count: Mapped[int | None] = mapped_column(
        comment="Length as the language model counts it; NULL if not known"
    )
    sent_at: Mapped[Timestamp] = mapped_column(
        server_default=text("now()"), comment="When it was said"
    )

    conversation: Mapped["Conversation"] = relationship(back_populates="messages")
    embeddings: Mapped[list["MessageEmbedding"]] = relationship(
        back_populates="message", passive_deletes="all"
    )

    shown = (
        "id",
        "conversation_id",
        "position",
        "role",
    )


class MessageEmbedding(Base):
    """The vector of a message."""

    __tablename__ = "message_embeddings"
    __table_args__ = (
        CheckConstraint("dimension = 384", name="message_embeddings_dimension_check"),
        CheckConstraint(
            "extensions.vector_norm(embedding) > 0",
            name="message_embeddings_direction_check",
        ),
        ForeignKeyConstraint(
            ["message_id", "user_id"],
            ["ai.messages.id", "ai.messages.user_id"],
            name="fk_message_embeddings_message",
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["model_id", "dimension"],
            ["ai.embedding_models.id", "ai.embedding_models.dimension"],
            name="fk_message_embeddings_model",
        ),
        Index("idx_message_embeddings_message", "message_id", "user_id"),
        Index("idx_message_embeddings_model", "model_id", "dimension"),
        Index("idx_message_embeddings_user", "user_id", "model_id"),
        Index(
            "idx_message_embeddings_nearest",
            "embedding",
            postgresql_using="hnsw",
            postgresql_ops={"embedding": "extensions.vector_cosine_ops"},
        ),
        {
            "schema": "ai",
            "comment": "Vectors of messages, to find those that mean the same, one "
            "row a message and model; written by the service",
            "info": {"rls": "owner"},
        },
    )

    message_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Message; the row goes with it"
    )
    model_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True,
        comment="What made the vector; cannot go while there are vectors of it",
    )
    dimension: Mapped[int] = mapped_column(
        server_default=text("384"), comment="Numbers of the vector, as the model's"
    )
    user_id: Mapped[uuid.UUID] = mapped_column(
        comment="Whose message it is; always the same as there"
    )
    embedding: Mapped[list[float]] = mapped_column(
        Vector(384), deferred=True, comment="The vector"
    )
    created_at: Mapped[CreatedAt]

    message: Mapped["Message"] = relationship(back_populates="embeddings")
    model: Mapped["EmbeddingModel"] = relationship(back_populates="message_embeddings")

    shown = (
        "message_id",
        "model_id",
    )


class ItemEmbedding(Base):
    """The vector of a work."""

    __tablename__ = "item_embeddings"
    __table_args__ = (
        CheckConstraint("dimension = 384", name="item_embeddings_dimension_check"),
        CheckConstraint("length(source_text) > 0", name="item_embeddings_text_check"),
        CheckConstraint(
            "extensions.vector_norm(embedding) > 0",
            name="item_embeddings_direction_check",
        ),
        ForeignKeyConstraint(
            ["model_id", "dimension"],
            ["ai.embedding_models.id", "ai.embedding_models.dimension"],
            name="fk_item_embeddings_model",
        ),
        refers("item_id", "media.items.id", name="fk_item_embeddings_item"),
        Index("idx_item_embeddings_model", "model_id", "dimension"),
        Index(
            "idx_item_embeddings_nearest",
            "embedding",
            postgresql_using="hnsw",
            postgresql_ops={"embedding": "extensions.vector_cosine_ops"},
        ),
        {
            "schema": "ai",
            "comment": "Vectors of works in the libraries, to find alike ones and to "
            "search by meaning, one row a work and model; written by the "
            "service",
            "info": {"rls": "members"},
        },
    )

    item_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, comment="Work; the row goes with it"
    )
    model_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True,
        comment="What made the vector; cannot go while there are vectors of it",
    )
    dimension: Mapped[int] = mapped_column(
        server_default=text("384"), comment="Numbers of the vector, as the model's"
    )
    source_text: Mapped[str] = mapped_column(comment="Text that the vector was made of")
    embedding: Mapped[list[float]] = mapped_column(
        Vector(384), deferred=True, comment="The vector"
    )
    created_at: Mapped[CreatedAt]

    model: Mapped["EmbeddingModel"] = relationship(back_populates="item_embeddings")
    item: Mapped["Item"] = relationship(back_populates="embeddings")

    shown = (
        "item_id",
        "model_id",
    )
