"""Databases filled once a session; what a test tries there is rolled back.

``lab``    at head, on a plain PostgreSQL and both kinds of Supabase in turn
``plain``  at head, on a plain PostgreSQL
"""

from collections.abc import Callable, Iterator

import pytest

from tests.databases import Databases
from tests.isolation.lab import Lab, open_lab
from tests.isolation.places import PLACES, Place, fill


@pytest.fixture(scope="session")
def url_of(_databases: Databases, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Make a place's database, once a session; returns the URL of its owner."""

    def make(place: Place, down_to: str | None = None) -> str:
        fixture = "_supabase_server" if place.kind else "_databases"
        databases: Databases = request.getfixturevalue(fixture)

        def fill_it(url: str) -> None:
            fill(place, databases, url, down_to)

        name = databases.template(f"isolation {place.name} {down_to}", fill_it)
        url = databases.server.set(database=name, username=databases.owner)
        return url.render_as_string(hide_password=False)

    return make


@pytest.fixture(params=PLACES, ids=lambda place: place.name)
def place(request: pytest.FixtureRequest) -> Place:
    """Each place in turn."""
    found: Place = request.param
    return found


@pytest.fixture
def lab(place: Place, url_of: Callable[..., str]) -> Iterator[Lab]:
    """Each place in turn, at head."""
    with open_lab(place.history, url_of(place)) as opened:
        yield opened


@pytest.fixture
def plain(url_of: Callable[..., str]) -> Iterator[Lab]:
    """A plain PostgreSQL, at head."""
    with open_lab(PLACES[0].history, url_of(PLACES[0])) as opened:
        yield opened


@pytest.fixture
def parked(place: Place, url_of: Callable[..., str]) -> Iterator[Lab]:
    """Each place in turn, taken down to the baseline with every row in it."""
    with open_lab(place.history, url_of(place, "baseline")) as opened:
        yield opened
