"""Databases as this project makes them, and as the specification's SQL does.

``head``, ``at("004")``       ours, on a plain PostgreSQL
``version``                   in turn ours and the specification's, on a Supabase of the
                              older kind; ``version.as_written`` says which
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from psycopg2.extensions import connection as Connection

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
def on_supabase(
    supabase: str, open_database: Callable[..., Database]
) -> Database:
    """A Supabase of either kind, with the old application's tables and nothing else."""
    return open_database(supabase, AUTH_ADMIN)


@pytest.fixture
def spec(
    databases: Databases, open_database: Callable[..., Database]
) -> Iterator[Database]:
    """The specification's tables on a plain PostgreSQL."""

    def fill(url: str) -> None:
        commands.alembic_run(url, "upgrade", "baseline")
        database = sa.make_url(url).database
        assert database is not None
        for number in range(10):
            (file,) = SPEC.glob(f"{number:03}_*.sql")
            databases.run(file.read_text(), database)

    yield open_database(databases.make(databases.template("spec", fill)))


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
            database = sa.make_url(url).database
            assert database is not None
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
