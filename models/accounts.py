"""Investment accounts."""

from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, FetchedValue, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, one_of
from models.enums import Provider, SyncStatus
from models.json_types import JsonObject
from models.types import CreatedAt, OwnerId, SecretText, Timestamp, UuidPk

if TYPE_CHECKING:
    from models.auth import AuthUser
    from models.transactions import UserInvestmentTransaction

__all__ = ["UserInvestmentAccount"]


class UserInvestmentAccount(Base):
    """An account at a provider, or one that the user keeps by hand.

    ``access_token_encrypted`` is left out of queries until it is asked for; under
    asyncio ask with ``options(undefer(UserInvestmentAccount.access_token_encrypted))``.
    """

    __tablename__ = "user_investment_accounts"
    __table_args__ = (
        UniqueConstraint(
            "provider",
            "provider_account_id",
            "user_id",
            name="user_investment_accounts_provider_account_key",
        ),
        # What transactions refer to: a foreign key on id alone would not see RLS.
        UniqueConstraint(
            "user_id", "id", name="user_investment_accounts_user_id_id_key"
        ),
        one_of("provider", Provider, name="user_investment_accounts_provider_check"),
        one_of(
            "sync_status", SyncStatus, name="user_investment_accounts_sync_status_check"
        ),
        CheckConstraint(
            "length(institution_name) > 0",
            name="user_investment_accounts_institution_name_check",
        ),
        Index("idx_investment_accounts_user_id", "user_id"),
        Index(
            "idx_investment_accounts_user_provider", "user_id", "provider", "is_active"
        ),
        Index(
            "idx_investment_accounts_sync_status",
            "sync_status",
            "last_synced",
            postgresql_where=text("sync_enabled = true"),
        ),
        Index(
            "idx_investment_accounts_one_primary",
            "user_id",
            unique=True,
            postgresql_where=text("is_primary"),
        ),
        {
            "comment": "Investment accounts at all providers, one row an account",
            "info": {
                "rls": "owner",
                "natural_key": "user_investment_accounts_provider_account_key",
            },
        },
    )

    id: Mapped[UuidPk]
    user_id: Mapped[OwnerId]

    provider: Mapped[Provider] = mapped_column(
        comment="Where the account is kept: plaid, alpaca or manual"
    )
    provider_account_id: Mapped[str] = mapped_column(
        comment="Account id at the provider"
    )
    provider_item_id: Mapped[str | None] = mapped_column(
        comment="Login at the provider that the account came with (Plaid item id)"
    )

    institution_id: Mapped[str | None] = mapped_column(
        comment="Institution id at the provider"
    )
    institution_name: Mapped[str] = mapped_column(
        comment="Name of the institution, never empty"
    )
    account_name: Mapped[str | None] = mapped_column(comment="Name shown to the user")
    account_type: Mapped[str] = mapped_column(
        comment="brokerage, 401k, ira, roth_ira, 529, hsa or another"
    )
    account_subtype: Mapped[str | None] = mapped_column(
        comment="More specific type, in the provider's words"
    )

    access_token_encrypted: Mapped[str | None] = mapped_column(
        SecretText,
        deferred=True,
        comment="Access token for the provider, encrypted by the application",
    )
    sync_enabled: Mapped[bool | None] = mapped_column(
        server_default=text("true"), comment="Whether to fetch from the provider"
    )
    last_synced: Mapped[Timestamp | None] = mapped_column(
        comment="When the provider was last asked"
    )
    sync_status: Mapped[SyncStatus | None] = mapped_column(
        server_default="pending",
        comment="Last exchange: pending, syncing, success, error or disabled",
    )
    sync_error_message: Mapped[str | None] = mapped_column(
        comment="What went wrong in the last exchange"
    )

    is_active: Mapped[bool | None] = mapped_column(
        server_default=text("true"), comment="Whether the account counts"
    )
    is_primary: Mapped[bool | None] = mapped_column(
        server_default=text("false"), comment="Shown first; at most one a user"
    )

    raw_account_data: Mapped[JsonObject | None] = mapped_column(
        JSONB(none_as_null=True),
        server_default="{}",
        comment="The account as the provider sent it",
    )
    created_at: Mapped[CreatedAt | None]
    updated_at: Mapped[Timestamp | None] = mapped_column(
        server_default=text("now()"),
        server_onupdate=FetchedValue(),
        comment="When the row last changed, set by a trigger",
    )

    user: Mapped["AuthUser"] = relationship(
        back_populates="investment_accounts", viewonly=True
    )
    # "all": the database cascades. Under RLS the ORM could not delete the rows itself.
    transactions: Mapped[list["UserInvestmentTransaction"]] = relationship(
        back_populates="account", passive_deletes="all"
    )

    shown = ("id", "user_id", "provider", "institution_name", "sync_status")
