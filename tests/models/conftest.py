"""A database at head, and two users in it."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import Session

from models import Provider, UserInvestmentAccount

Scenario = Callable[[AsyncEngine], Awaitable[None]]


@pytest.fixture
def url(head_database: str) -> sa.URL:
    """The database, as its superuser: what the tests do before and after a block."""
    return sa.make_url(head_database)


@pytest.fixture
def admin(url: sa.URL) -> Iterator[sa.Engine]:
    """For what surrounds a test; keeps no connection."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(url: sa.URL) -> Iterator[sa.Engine]:
    """One connection: what a block leaves behind is there for the next to find."""
    engine = sa.create_engine(
        url,
        pool_size=1,
        max_overflow=0,
        pool_timeout=2,
        connect_args={"options": "-c timezone=UTC"},
    )
    yield engine
    engine.dispose()


@pytest.fixture(params=["postgresql+asyncpg", "postgresql+psycopg_async"])
def run(request: pytest.FixtureRequest, url: sa.URL) -> Callable[[Scenario], None]:
    """Run a coroutine function on an engine of one pooled connection."""

    def run(scenario: Scenario) -> None:
        async def main() -> None:
            engine = create_async_engine(
                url.set(drivername=request.param), pool_size=1, max_overflow=0
            )
            try:
                await scenario(engine)
            finally:
                await engine.dispose()

        asyncio.run(main())

    return run


@pytest.fixture
def session(engine: sa.Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@pytest.fixture
def make_user(admin: sa.Engine) -> Callable[[], uuid.UUID]:
    def make() -> uuid.UUID:
        user = uuid.uuid4()
        insert = sa.text("INSERT INTO auth.users (id) VALUES (:id)")
        with admin.begin() as connection:
            connection.execute(insert, {"id": user})
        return user

    return make


@pytest.fixture
def alice(make_user: Callable[[], uuid.UUID]) -> uuid.UUID:
    return make_user()


@pytest.fixture
def bob(make_user: Callable[[], uuid.UUID]) -> uuid.UUID:
    return make_user()


@pytest.fixture
def account_of(admin: sa.Engine) -> Callable[[uuid.UUID], uuid.UUID]:
    """Make an account for a user; returns its id."""

    def make(user: uuid.UUID) -> uuid.UUID:
        with Session(admin) as session, session.begin():
            account = new_account(user)
            session.add(account)
            session.flush()
            return account.id

    return make


def account_values(user: uuid.UUID, **values: object) -> dict[str, object]:
    """Return the values of an account that can be saved."""
    return {
        "user_id": user,
        "provider": Provider.MANUAL,
        "provider_account_id": uuid.uuid4().hex,
        "institution_name": "Credit Union",
        "account_type": "ira",
        **values,
    }


def new_account(user: uuid.UUID, **values: object) -> UserInvestmentAccount:
    """Return an account that can be saved."""
    return UserInvestmentAccount(**account_values(user, **values))
