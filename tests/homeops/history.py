"""The history of HomeOps as files, and how tests run and fill it."""

import functools
from collections.abc import Callable

import psycopg2
import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from psycopg2.extensions import connection as Connection

from rollout.commands.target import Target
from rollout.seeding import seeds_of
from tests.commands import ROOT, alembic_run
from tests.versions.database import Database

SECTION = "homeops"
SCHEMAS = ("core", "financial", "media", "smart_home", "marketplace", "ai")
OURS = (*SCHEMAS, "private", "migrations", "parked")
"""The schemas that this history creates objects in."""

VERSIONS = ROOT / "alembic" / SECTION
DIRECTORY = ScriptDirectory.from_config(
    Config(str(ROOT / "alembic.ini"), ini_section=SECTION)
)


def in_order() -> list[Script]:
    """The revisions from the first to the last."""
    return list(reversed(list(DIRECTORY.walk_revisions())))


REVISIONS = [script.revision for script in in_order()]

run = functools.partial(alembic_run, section=SECTION)
"""``run(url, "upgrade", "head")``"""


def before(revision: str) -> str:
    """What to downgrade to, to take ``revision`` back."""
    number = REVISIONS.index(revision)
    return REVISIONS[number - 1] if number else "base"


def seed(url: str, environment: str) -> None:
    """Put in the seeds of an environment."""
    seeds_of(target(url), environment).load()


def target(url: str) -> Target:
    return Target(str(ROOT / "alembic.ini"), SECTION, database_url=url)


OFFERED = "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector')"


@functools.cache
def has_vector(server: sa.URL) -> bool:
    """Whether the server offers pgvector: without it the history ends before 3.0.0."""
    dsn = server.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg2.connect(dsn)
    try:
        with connection.cursor() as cursor:
            cursor.execute(OFFERED)
            return bool(cursor.fetchone()[0])
    finally:
        connection.close()


def need_vector(server: sa.URL) -> None:
    """Skip the test where the server does not offer pgvector."""
    if not has_vector(server):
        pytest.skip("revision 060 needs pgvector, and this server does not offer it")


class HomeOps(Database):
    """A database of HomeOps: its schemas are what is looked at."""

    ours = OURS
    tenant_schemas = SCHEMAS


def open_homeops(url: str, connect: Callable[..., Connection]) -> Database:
    return HomeOps(url, connect)
