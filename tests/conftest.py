"""Fixtures for every test: databases on a throwaway server, and Alembic on them.

``empty_database``, ``head_database``  URL of a database of the test's own
``make_database(template=None)``       makes more of them
``database_at("003")``                 a clone of a template upgraded to that revision
``alembic_run``, ``alembic_cli``       Alembic in this process, or as a command
``connect(url, autocommit=False)``     psycopg2 connections, closed at the end
``postgresql``                         pytest-postgresql's, to a clone of head
"""

import gc
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
import sqlalchemy as sa
from psycopg2.extensions import connection as Connection
from pytest_postgresql import factories
from pytest_postgresql.executors import NoopExecutor
from pytest_postgresql.janitor import DatabaseJanitor

from rollout.embedded import url_text
from tests import bytecode, commands, servers
from tests.databases import Databases, dropping
from tests.supabase import (  # noqa: F401 - fixtures
    _supabase,
    _supabase_server,
    supabase,
    supabase_newer,
    supabase_older,
)

bytecode.keep()
gc.disable()  # until all is collected: half a second of looking for what is not there
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Begun in the background by a shell. Processes that tests start must hear Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

STARTED_S = time.monotonic()
COSTLY = {"databases", "_supabase", "place"}
"""Fixtures that make databases for one test, or come in turns."""
LONG = {
    "household",
    "lived_in",
    "seeded",
    "guarded_server",
    "postgresql",
    "alembic_cli",
}
"""Fixtures that fill a database for themselves, or start a server or another Python."""
FAST_S = 30
"""What `make test-fast` may take on two cores: see CONTRIBUTING.md, "Time"."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow each test that uses something costly, but for a file's first."""
    begun = set()
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if names & LONG:
            item.add_marker("slow")
        if not names & COSTLY:
            continue
        if item.path in begun:
            item.add_marker("slow")
        elif item.get_closest_marker("slow") is None:
            begun.add(item.path)


def pytest_collection_finish() -> None:
    """What was collected stays: it is never looked at again for garbage."""
    gc.freeze()
    gc.enable()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how much of its time the fast subset took. Only said: machines differ."""
    if config.option.markexpr == "not slow":
        took_s = time.monotonic() - STARTED_S
        passed = len(terminalreporter.getreports("passed"))
        terminalreporter.write_line(
            f"fast tests: {passed} in {took_s:.0f} s of a budget of {FAST_S} s"
        )


@pytest.fixture(autouse=True, scope="session")
def _no_outside_database() -> Iterator[None]:
    """No test may reach the database that the developer happens to point at."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATABASE_URL", "PGHOST", "PGDATABASE", "PGUSER", "PGPASSWORD"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(autouse=True, scope="session")
def _catalogs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What `rollout check` remembers of fresh databases is this run's own.

    All processes of the run share it: who comes first makes it.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(shared / "catalogs"))
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[sa.URL]:
    """URL of the session's server, as its superuser."""
    with servers.plain_server() as url:
        yield url


@pytest.fixture(scope="session")
def _databases(server: sa.URL) -> Iterator[Databases]:
    databases = Databases(server)
    if "TEST_DATABASE_URL" in os.environ:
        yield from dropping(databases)
    else:  # they go with their server
        yield databases


@pytest.fixture
def databases(_databases: Databases) -> Iterator[Databases]:
    """The server's databases; those made in a test are dropped after it."""
    yield _databases
    _databases.drop_made()


@pytest.fixture
def make_database(databases: Databases) -> Callable[..., str]:
    """Make a database, empty or a clone of a template; returns its URL."""
    return databases.make


@pytest.fixture
def empty_database(databases: Databases) -> str:
    """URL of an empty database of the test's own."""
    return databases.make()


@pytest.fixture
def database_at(databases: Databases) -> Callable[[str], str]:
    """Make a database at a revision; the upgrade itself runs once a session."""

    def make(revision: str) -> str:
        def fill(url: str) -> None:
            commands.alembic_run(url, "upgrade", revision)

        return databases.make(databases.template(revision, fill))

    return make


def _upgrade_to_head(
    *, host: str, port: int, user: str, dbname: str, password: str | None, **_: object
) -> None:
    url = sa.URL.create(
        "postgresql+psycopg2", user, password, port=port, database=dbname,
        query={"host": host},
    )  # fmt: skip
    commands.alembic_run(url.render_as_string(hide_password=False), "upgrade", "head")


@pytest.fixture(scope="session")
def postgresql_noproc(server: sa.URL) -> Iterator[NoopExecutor]:
    """The plugin's ``noproc``: a server that it did not start, and a template at head.

    Its own factory wants host and port before the server is started.
    """
    executor = NoopExecutor(
        host=str(server.query.get("host", server.host)),
        port=server.port or 5432,
        user=server.username or "postgres",
        password=server.password,
        options="",
        dbname="head",
    )
    with DatabaseJanitor(
        user=executor.user,
        host=executor.host,
        port=executor.port,
        password=executor.password,
        dbname=executor.template_dbname,
        as_template=True,
    ) as janitor:
        janitor.load(_upgrade_to_head)
        yield executor


postgresql = factories.postgresql("postgresql_noproc")


@pytest.fixture
def head_database(database_at: Callable[[str], str]) -> str:
    """URL of a database of the test's own, at head."""
    return database_at("head")


@pytest.fixture(scope="session")
def alembic_run() -> Callable[..., str]:
    """See :func:`tests.commands.alembic_run`."""
    return commands.alembic_run


@pytest.fixture(scope="session")
def alembic_cli() -> Callable[..., Any]:
    """See :func:`tests.commands.alembic_cli`."""
    return commands.alembic_cli


@pytest.fixture
def connect() -> Iterator[Callable[..., Connection]]:
    """Open psycopg2 connections that are closed after the test."""
    opened: list[Connection] = []

    def open_connection(url: str, *, autocommit: bool = False, **kw: Any) -> Connection:
        connection = psycopg2.connect(url_text(sa.make_url(url)), **kw)
        connection.autocommit = autocommit
        opened.append(connection)
        return connection

    yield open_connection
    for connection in opened:
        connection.close()
