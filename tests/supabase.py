"""Databases as Supabase makes them, with the old application's tables in them.

The URLs are those of ``postgres``, who is no superuser there. RLS tested as that role
proves nothing, as it bypasses RLS: SET ROLE first. Write to auth.users as
``supabase_auth_admin`` (see :func:`as_role`): in a newer project postgres may not.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import servers
from tests.databases import Databases

FIXTURES = Path(__file__).parent / "fixtures"
KINDS = ("older", "newer")


def as_role(url: str, role: str) -> str:
    """Return the URL of the same database for another role that may log in."""
    return sa.make_url(url).set(username=role).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def _supabase_server() -> Iterator[Databases]:
    limits = {"statement_timeout": "120000"}
    with servers.new_server(superuser="supabase_admin", settings=limits) as url:
        databases = Databases(url)
        databases.run((FIXTURES / "supabase_roles.sql").read_text())
        databases.owner = "postgres"
        yield databases


@pytest.fixture
def _supabase(_supabase_server: Databases) -> Iterator[Databases]:
    yield _supabase_server
    _supabase_server.drop_made()


def _clone(databases: Databases, kind: str) -> str:
    def fill(url: str) -> None:
        database = sa.make_url(url).database
        assert database is not None
        for part in ("supabase_common", f"supabase_{kind}", "old_application"):
            databases.run((FIXTURES / f"{part}.sql").read_text(), database)

    return databases.make(databases.template(kind, fill))


@pytest.fixture
def supabase_older(_supabase: Databases) -> str:
    """URL, as postgres, of a project with ALL granted by default."""
    return _clone(_supabase, "older")


@pytest.fixture
def supabase_newer(_supabase: Databases) -> str:
    """URL, as postgres, of a project with next to nothing granted by default."""
    return _clone(_supabase, "newer")


@pytest.fixture(params=KINDS)
def supabase(request: pytest.FixtureRequest, _supabase: Databases) -> str:
    """URL, as postgres, of a project of either kind in turn."""
    return _clone(_supabase, request.param)
