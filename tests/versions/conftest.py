"""Databases as this project makes them, and as the specification's SQL does.

``head``, ``at("004")``       ours, on a plain PostgreSQL
``standing``, ``spec``        ours and the specification's, shared, to look at only
``version``                   in turn ours and the specification's, on a Supabase of the
                              older kind; ``version.as_written`` says which
``standing_version``          the same, shared: writes must be rolled back
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
    databases: Databases

    def advance(self, revision: str) -> None:
        """Do the next revision, or the specification's file of that number."""
        if not self.as_written:
            self.migrate("upgrade", revision)
            return
        (file,) = SPEC.glob(f"{revision}_*.sql")
        self.run(file.read_text())

    def migrate(self, command: str, revision: str) -> None:
        commands.alembic_run(self.url, command, revision)

    def superuser(self, statements: str) -> None:
        """Do what Supabase's customer may not."""
        self.databases.run(statements, name_of(self.url))


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
def supabase_server(_supabase: Databases) -> Databases:
    """Supabase's server, by its superuser; its roles are shared with other tests."""
    return _supabase


@pytest.fixture
def on_supabase(supabase: str, open_database: Callable[..., Database]) -> Database:
    """A Supabase of either kind, with the old application's tables and nothing else."""
    return open_database(supabase, AUTH_ADMIN)


@pytest.fixture(scope="session")
def keep_open() -> Iterator[Callable[..., Connection]]:
    """Open connections that are closed after the last test."""
    opened: list[Connection] = []

    def connect(url: str, *, autocommit: bool = False) -> Connection:
        opened.append(psycopg2.connect(url_text(sa.make_url(url))))
        opened[-1].autocommit = autocommit
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


@pytest.fixture(scope="session")
def shared(
    _databases: Databases, keep_open: Callable[..., Connection]
) -> Callable[..., Database]:
    """Make a database once a session, for tests that leave it as it is."""

    @functools.cache
    def make(
        key: str, fill: Callable[[str], object], start: str | None = None
    ) -> Database:
        name = _databases.template(f"shared {key}", fill, start)
        url = _databases.server.set(database=name)
        return Database(url.render_as_string(hide_password=False), keep_open)

    return make


@pytest.fixture(scope="session")
def standing(shared: Callable[..., Database], _databases: Databases) -> Database:
    """Ours at head, to look at only."""
    head = _databases.template("head", upgrade_to_head)
    return shared("head", lambda url: None, head)


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


def template_of(databases: Databases, as_written: bool, revision: str) -> str:
    """Name of a Supabase database at a revision, ours or the specification's."""

    def fill(url: str) -> None:
        for part in ("supabase_common", "supabase_older", "old_application"):
            databases.run((FIXTURES / f"{part}.sql").read_text(), name_of(url))
        if not as_written:
            commands.alembic_run(url, "upgrade", revision)
            return
        files = [f for f in sorted(SPEC.glob("00*.sql")) if f.name[:3] <= revision]
        text = "\n".join(file.read_text() for file in files)
        databases.run(f"SET ROLE postgres;\n{text}", name_of(url))

    kind = "as written" if as_written else "ours"
    return databases.template(f"{kind} {revision}", fill)


@pytest.fixture(scope="session", params=["ours", "as written"])
def as_written(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "as written")


@pytest.fixture
def version_at(
    as_written: bool, _supabase: Databases, connect: Callable[..., Connection]
) -> Callable[[str], Version]:
    """Make a database at a revision, ours and the specification's in turn."""

    def make(revision: str) -> Version:
        url = _supabase.make(template_of(_supabase, as_written, revision))
        version = Version(url, connect, AUTH_ADMIN)
        version.as_written, version.databases = as_written, _supabase
        return version

    return make


@pytest.fixture
def version(version_at: Callable[[str], Version]) -> Version:
    """All revisions, ours and the specification's in turn."""
    return version_at("009")


@pytest.fixture(scope="session")
def standing_version(
    as_written: bool, _supabase_server: Databases, keep_open: Callable[..., Connection]
) -> Version:
    """The same, shared: what a test writes in it must be rolled back."""
    databases = _supabase_server
    template = template_of(databases, as_written, "009")
    kind = "as written" if as_written else "ours"

    def fill(url: str) -> None:
        name = name_of(url)
        databases.run(f'DROP DATABASE "{name}"')
        databases.run(
            f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER "{databases.owner}"'
        )

    name = databases.template(f"standing {kind}", fill)
    url = databases.server.set(database=name, username=databases.owner)
    version = Version(url.render_as_string(hide_password=False), keep_open, AUTH_ADMIN)
    version.as_written, version.databases = as_written, databases
    return version
