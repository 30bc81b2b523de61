"""Databases with the history of HomeOps.

``homeops_at("005")``, ``homeops``  a database of the test's own at a revision, at head
``lived_in``                        one at head, with the development seeds in it
``run_homeops``                     Alembic in this process, in the section homeops
"""

import functools
from collections.abc import Callable

import pytest
from psycopg2.extensions import connection as Connection

from tests.databases import Databases
from tests.homeops.history import SECTION, need_vector, open_homeops, run, seed
from tests.versions.database import Database


@pytest.fixture(scope="session")
def run_homeops() -> Callable[..., str]:
    """See :func:`tests.commands.alembic_run`."""
    return run


@pytest.fixture
def open_database(connect: Callable[..., Connection]) -> Callable[[str], Database]:
    return functools.partial(open_homeops, connect=connect)


@pytest.fixture
def homeops_at(
    databases: Databases, open_database: Callable[[str], Database]
) -> Callable[[str], Database]:
    """Make a database at a revision; the upgrade itself runs once a session."""

    def make(revision: str) -> Database:
        if revision >= "060":  # "head" too
            need_vector(databases.server)
        template = databases.template(
            f"{SECTION} {revision}", lambda url: run(url, "upgrade", revision)
        )
        return open_database(databases.make(template))

    return make


@pytest.fixture
def vector(databases: Databases) -> None:
    """Ask for it to come to head by commands of the test's own; skips without it."""
    need_vector(databases.server)


@pytest.fixture
def homeops(homeops_at: Callable[[str], Database]) -> Database:
    return homeops_at("head")


@pytest.fixture
def lived_in(
    databases: Databases, open_database: Callable[[str], Database]
) -> Database:
    """A database at head with a household in it."""

    def fill(url: str) -> None:
        run(url, "upgrade", "head")
        seed(url, "dev")

    need_vector(databases.server)
    return open_database(databases.make(databases.template(f"{SECTION} dev", fill)))
