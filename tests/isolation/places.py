"""Where the portfolio is tried: a plain PostgreSQL, both kinds of Supabase."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from tests import commands, servers
from tests.databases import Databases
from tests.isolation import portfolio
from tests.isolation.history import History
from tests.isolation.lab import prepare
from tests.supabase import FIXTURES

AUTH_ADMIN = "supabase_auth_admin"


@dataclass(frozen=True)
class Place:
    """A history, and the kind of Supabase to run it in; None for a plain server."""

    name: str
    history: History
    kind: str | None = None

    @property
    def login(self) -> str | None:
        """As whom Supabase's API connects; a plain server has nobody like it."""
        return "authenticator" if self.kind else None


PLACES = (
    Place("plain", portfolio.PLAIN),
    Place("older", portfolio.SUPABASE, "older"),
    Place("newer", portfolio.SUPABASE, "newer"),
)


def fill(
    place: Place, databases: Databases, url: str, down_to: str | None = None
) -> None:
    """From an empty database to head, with rows; and down again where wished."""
    name = sa.make_url(url).database
    assert name is not None
    if place.kind:
        for part in ("supabase_common", f"supabase_{place.kind}", "old_application"):
            databases.run((FIXTURES / f"{part}.sql").read_text(), name)
    commands.alembic_run(url, "upgrade", "head")
    prepare(place.history, url, AUTH_ADMIN if place.kind else None)
    if down_to is not None:
        commands.alembic_run(url, "downgrade", down_to)


@contextmanager
def servers_of_all() -> Iterator[dict[str, Databases]]:
    """A server for the plain place, and one for Supabase; by place."""
    limits = {"statement_timeout": "120000"}
    with (
        servers.new_server() as plain,
        servers.new_server(superuser="supabase_admin", settings=limits) as supabase,
    ):
        here, there = Databases(plain), Databases(supabase)
        there.run((FIXTURES / "supabase_roles.sql").read_text())
        there.owner = "postgres"
        yield {place.name: there if place.kind else here for place in PLACES}
