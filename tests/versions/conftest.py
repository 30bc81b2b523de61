"""Databases as this project makes them, and as the specification's SQL does.

``head``, ``at("004")``       ours, on a plain PostgreSQL
``standing``, ``spec``        ours and the specification's, shared, to look at only
``version``                   in turn ours and the specification's, on a Supabase of the
                              older kind; ``version.as_written`` says which
"""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
import sqlalchemy as sa
from psycopg2.extensions import connection as Connection

from rollout.embedded import url_text
from tests import commands
from tests.databases import Databases
from tests.supabase import FIXTURES
from tests.versions.database import Database

SPEC = Path(__file__).parent / "spec"
AUTH_ADMIN = "supabase_auth_admin"


class Version(Database):
    """A database that either we or the specification's SQL has made."""

    as_written = False

    def advance(self, revision: str) -> None:
        """Do the next revision, or the specification's file of that number."""
        if not self.as_written:
            commands.alembic_run(self.url, "upgrade", revision)
            return
        (file,) = SPEC.glob(f"{revision}_*.sql")
        self.run(file.read_text())


@pytest.fixture
def open_database(connect: Callable[..., Connection]) -> Callable[..., Database]:
    """``Database`` of a URL; of one of Supabase's with ``auth_admin``."""

    def open_(url: str, auth_admin: str | None = None) -> Database:
        return Database(url, connect, auth_admin)

    return open_


@pytest.fixture
def at(
    database_at: Callable[[str], str], open_database: Callable[..., Database]
) -> Callable[[str], Database]:
    return lambda revision: open_database(database_at(revision))


@pytest.fixture
def head(at: Callable[[str], Database]) -> Database:
    return at("head")


@pytest.fixture
def on_supabase(supabase: str, open_database: Callable[..., Database]) -> Database:
    """A Supabase of either kind, with the old application's tables and nothing else."""
    return open_database(supabase, AUTH_ADMIN)


@pytest.fixture(scope="session")
def shared(_databases: Databases) -> Iterator[Callable[..., Database]]:
    """Make a database once a session, for tests that leave it as it is."""
    opened: list[Connection] = []

    def connect(url: str, *, autocommit: bool = False) -> Connection:
        opened.append(psycopg2.connect(url_text(sa.make_url(url))))
        opened[-1].autocommit = autocommit
        return opened[-1]

    @functools.cache
    def make(key: str, fill: Callable[[str], object]) -> Database:
        name = _databases.template(f"shared {key}", fill)
        url = _databases.server.set(database=name)
        return Database(url.render_as_string(hide_password=False), connect)

    yield make
    for connection in opened:
        connection.close()


@pytest.fixture(scope="session")
def standing(shared: Callable[..., Database]) -> Database:
    """Ours at head, to look at only."""
    return shared("head", upgrade_to_head)


@pytest.fixture(scope="session")
def spec(shared: Callable[..., Database], _databases: Databases) -> Database:
    """The specification's SQL on a plain PostgreSQL, to look at only."""

    def fill(url: str) -> None:
        commands.alembic_run(url, "upgrade", "baseline")
        text = "\n".join(file.read_text() for file in sorted(SPEC.glob("00*.sql")))
        _databases.run(text, name_of(url))

    return shared("spec", fill)


def upgrade_to_head(url: str) -> None:
    commands.alembic_run(url, "upgrade", "head")


def name_of(url: str) -> str:
    name = sa.make_url(url).database
    assert name is not None
    return name


@pytest.fixture(params=["ours", "as written"])
def version_at(
    request: pytest.FixtureRequest,
    _supabase: Databases,
    connect: Callable[..., Connection],
) -> Callable[[str], Version]:
    """Make a database at a revision, ours and the specification's in turn."""
    as_written = request.param == "as written"

    def make(revision: str) -> Version:
        def fill(url: str) -> None:
            database = name_of(url)
            for part in ("supabase_common", "supabase_older", "old_application"):
                _supabase.run((FIXTURES / f"{part}.sql").read_text(), database)
            if not as_written:
                commands.alembic_run(url, "upgrade", revision)
                return
            text = "\n".join(
                file.read_text()
                for file in sorted(SPEC.glob("00*.sql"))
                if file.name[:3] <= revision
            )
            _supabase.run(f"SET ROLE postgres;\n{text}", database)

        key = f"{request.param} {revision}"
        url = _supabase.make(_supabase.template(key, fill))
        version = Version(url, connect, AUTH_ADMIN)
        version.as_written = as_written
        return version

    return make


@pytest.fixture
def version(version_at: Callable[[str], Version]) -> Version:
    """All revisions, ours and the specification's in turn."""
    return version_at("009")
