"""A household for the tests of the roadmap's features, and its people's requests.

One database a test module: each test works in a transaction that leaves nothing, so
the rows that a module puts in (:func:`Household.add`) are the same for all its tests.
"""

import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session

from models.homeops import Account, Device, Item, Library, Room, User
from models.tenant import as_service, as_user
from tests.databases import Databases
from tests.homeops.history import SECTION, need_vector, run

NOON = dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC)
"""Now, for these tests."""
TODAY = NOON.date()


def ago(**units: float) -> dt.datetime:
    """So long before noon: ``ago(days=2)``."""
    return NOON - dt.timedelta(**units)


def day(number: int) -> dt.date:
    """So many days before today."""
    return TODAY - dt.timedelta(days=number)


class Household:
    """Alice, an administrator; Bob, a user; Eve, who no longer belongs to it."""

    def __init__(self, url: sa.URL) -> None:
        self.engine = sa.create_engine(
            url,
            pool_size=1,
            max_overflow=2,
            connect_args={"options": "-c statement_timeout=20s"},
        )
        self.alice = self._person("alice", role="admin")
        self.bob = self._person("bob")
        self.eve = self._person("eve", is_active=False)

    def _person(self, name: str, **values: object) -> uuid.UUID:
        user = User(
            id=uuid.uuid4(), email=f"{name}@example.org", full_name=name, **values
        )
        self.add(user)
        return user.id

    def add(self, *rows: DeclarativeBase) -> None:
        """Put rows in for all tests of the module; they stay readable."""
        with Session(self.engine, expire_on_commit=False) as session:
            session.add_all(rows)
            session.commit()

    def account(
        self, user: uuid.UUID, kind: str = "brokerage", **more: object
    ) -> Account:
        account = Account(
            id=uuid.uuid4(), user_id=user, name=kind, account_type=kind, **more
        )
        self.add(account)
        return account

    def library(self, user: uuid.UUID, name: str = "Films", **more: object) -> Library:
        library = Library(
            id=uuid.uuid4(), user_id=user, name=name, type="mixed", **more
        )
        self.add(library)
        return library

    def item(self, library: Library, title: str, **more: object) -> Item:
        item = Item(
            id=uuid.uuid4(), library_id=library.id, title=title,
            **{"type": "movie", "duration_s": 6_000, **more},
        )  # fmt: skip
        self.add(item)
        return item

    def device(self, name: str, kind: str = "light", **more: object) -> Device:
        device = Device(id=uuid.uuid4(), name=name, type=kind, **more)
        self.add(device)
        return device

    def room(self, name: str) -> Room:
        with Session(self.engine) as session:
            return session.scalars(sa.select(Room).where(Room.name == name)).one()

    @contextmanager
    def service(self) -> Iterator[Session]:
        """A session of the service; nothing of it stays."""
        yield from self._rolled_back(as_service)

    @contextmanager
    def acting(self, user: uuid.UUID) -> Iterator[Session]:
        """A session of a person's request; nothing of it stays."""
        yield from self._rolled_back(lambda session: as_user(session, user))

    def _rolled_back(
        self, act: Callable[[Session], AbstractContextManager[Session]]
    ) -> Iterator[Session]:
        with Session(self.engine) as session, act(session):
            yield session
            session.rollback()

    def refused(self, *rows: DeclarativeBase) -> str:
        """The name of the constraint that refuses the rows, put in by the service."""
        with self.service() as session:
            return refusal(session, lambda: add(session, *rows))

    def plan(self, user: uuid.UUID | None, query: sa.Select[object], *off: str) -> str:
        """How the server would run a query, for a person or the service.

        Sequential scans are put off: at these few rows they may well be the cheapest,
        and what is asked is whether the index can serve the query at all.
        """
        with self.service() if user is None else self.acting(user) as session:
            for kind in ("seqscan", *off):
                session.execute(sa.text(f"SET LOCAL enable_{kind} = off"))
            text = str(
                query.compile(
                    session.connection(), compile_kwargs={"literal_binds": True}
                )
            )
            rows = session.connection().exec_driver_sql(f"EXPLAIN {text}")
            return "\n".join(line for (line,) in rows)


def add(session: Session, *rows: DeclarativeBase) -> None:
    session.add_all(rows)
    session.flush()


def refusal(session: Session, action: Callable[[], object]) -> str:
    """Name of the constraint that refuses ``action``, or what the server says."""
    try:
        with session.begin_nested():
            action()
    except DBAPIError as error:
        diag = error.orig.diag
        return diag.constraint_name or diag.message_primary
    return "nothing was refused"


def searched(plan: str) -> set[str]:
    """The indexes that a plan searches by a condition, not only reads through."""
    return {
        match[1]
        for match in re.finditer(
            r"(?:using|on) (\S+)(?: on \S+)?(?: \w+)?  \(cost[^\n]*\n\s*Index Cond",
            plan,
        )
    }


@pytest.fixture(scope="module")
def household(_databases: Databases) -> Iterator[Household]:
    need_vector(_databases.server)
    head = _databases.template(
        f"{SECTION} head", lambda url: run(url, "upgrade", "head")
    )
    url = sa.make_url(_databases.make(head)).set(drivername="postgresql+psycopg2")
    # A module's own: the fixture of a test would drop it after the first one.
    made = Household(url)
    yield made
    made.engine.dispose()
