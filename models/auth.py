"""``auth.users``, which Supabase owns: something to refer to, never to write."""

import uuid
from typing import TYPE_CHECKING, Any, NoReturn

from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base

if TYPE_CHECKING:
    from models.accounts import UserInvestmentAccount
    from models.feature_flags import UserFeatureFlag
    from models.holdings import UserAggregatedHolding
    from models.snapshots import UserPortfolioSnapshot
    from models.transactions import UserInvestmentTransaction

__all__ = ["AuthUser"]


class AuthUser(Base):
    """A person who can sign in. Only the key is mapped, and it cannot be written.

    The collections are for reading, by a role that may read ``auth.users``; on Supabase
    the API's roles may not.
    """

    __tablename__ = "users"
    __table_args__ = (
        {
            "schema": "auth",
            "comment": "Users, owned by Supabase Auth",
            "info": {"rls": "reference", "managed": False},
        },
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, comment="User id")

    investment_accounts: Mapped[list["UserInvestmentAccount"]] = relationship(
        back_populates="user", viewonly=True
    )
    aggregated_holdings: Mapped[list["UserAggregatedHolding"]] = relationship(
        back_populates="user", viewonly=True
    )
    portfolio_snapshots: Mapped[list["UserPortfolioSnapshot"]] = relationship(
        back_populates="user", viewonly=True
    )
    investment_transactions: Mapped[list["UserInvestmentTransaction"]] = relationship(
        back_populates="user", viewonly=True
    )
    feature_flags: Mapped[list["UserFeatureFlag"]] = relationship(
        back_populates="user", viewonly=True
    )

    shown = ("id",)


@event.listens_for(AuthUser, "before_insert")
@event.listens_for(AuthUser, "before_update")
@event.listens_for(AuthUser, "before_delete")
def _refuse(mapper: Any, connection: Any, target: AuthUser) -> NoReturn:
    raise TypeError(
        f"{target!r} cannot be written: auth.users belongs to Supabase Auth. "
        "Create and delete users through its API."
    )
