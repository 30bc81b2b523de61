"""A scratch database and a small history of revisions, run as in production.

The history is a script directory whose env.py is the project's own, so that runner
lock, journal, retries and offline printing are the real ones.
"""

import io
import os
import shutil
import subprocess
import threading
from contextlib import closing
from pathlib import Path
from textwrap import dedent, indent
from typing import Any
from unittest import mock

import psycopg2
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from rollout import embedded
from rollout.catalog import Snapshot, diff, snapshot
from rollout.database import create_engine, parse_url

METADATA = sa.MetaData()
SCHEMAS = ("public", "parked", "migrations", "app")
TABLES = """
    SELECT oid::regclass::text FROM pg_class
    WHERE relkind = 'r'
        AND relnamespace::regnamespace::text IN ('public', 'parked', 'app')
    UNION ALL VALUES ('migrations.unfinished'), ('migrations.backfill_progress')
"""
REVISION = '''\
"""{message}"""

from alembic import op
from sqlalchemy import Column, text
from sqlalchemy.dialects.postgresql import *

from rollout.ops import *

revision, down_revision = "{number:03}", {before!r}
branch_labels = depends_on = None
schema_version, kind, phase = "0.{number}.0", "schema", 1


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
{downgrade}
'''


class Lab:
    """One database, one history."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url, self.directory = url, directory
        self._numbers = 0
        (directory / "versions").mkdir(parents=True, exist_ok=True)
        env = "from rollout import environment\n\nenvironment.run()\n"
        (directory / "env.py").write_text(env)
        self.dsn = embedded.url_text(sa.make_url(url))
        self._free = threading.Lock()
        self._connection: Any = None

    def at(self, url: str) -> "Lab":
        """The same history on another database."""
        other = Lab(url, self.directory)
        other._numbers = self._numbers
        return other

    def revision(self, upgrade: str, downgrade: str = "pass") -> None:
        """Add a revision with these bodies."""
        self._numbers = number = self._numbers + 1
        text = REVISION.format(
            message=f"step {number}",
            number=number,
            before=f"{number - 1:03}" if number > 1 else None,
            upgrade=indent(dedent(upgrade).strip(), "    "),
            downgrade=indent(dedent(downgrade).strip(), "    "),
        )
        (self.directory / "versions" / f"{number:03}_step.py").write_text(text)

    def alembic(self, name: str, *arguments: object, **options: object) -> str:
        """Run a command in this process; return what it printed."""
        printed = io.StringIO()
        config = Config(stdout=printed, output_buffer=printed)
        config.set_main_option("script_location", str(self.directory))
        config.set_main_option("path_separator", "os")
        config.set_main_option("metadata", f"{__name__}:METADATA")
        config.attributes["database_url"] = self.url
        settings = {
            f"ROLLOUT_{name.upper()}": str(options.pop(name))
            for name in ("lock_wait_s", "workers", "pause_ms", "batch_ms", "abandon")
            if name in options
        }
        with mock.patch.dict(os.environ, settings):
            getattr(command, name)(config, *arguments, **options)
        return printed.getvalue()

    def upgrade(self, target: str = "head", **options: object) -> str:
        return self.alembic("upgrade", target, **options)

    def downgrade(self, target: str = "-1", **options: object) -> str:
        return self.alembic("downgrade", target, **options)

    def psql(self, script: str) -> str:
        """Run a printed script as an operator would; return what it said."""
        program = shutil.which("psql") or str(embedded.binaries() / "psql")
        done = subprocess.run(
            [program, "-X", "-q", "-v", "ON_ERROR_STOP=1", self.dsn],
            input=script, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stderr

    def sql_file(self, name: str, text: str) -> None:
        """Put a file beside the revisions."""
        (self.directory / "versions" / "sql").mkdir(exist_ok=True)
        (self.directory / "versions" / "sql" / name).write_text(dedent(text))

    def execute(self, *statements: str) -> None:
        """Execute SQL, each statement its own transaction."""
        for statement in statements:
            self._run(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._run(query)

    def _run(self, statement: str) -> list[tuple[Any, ...]]:
        if not self._free.acquire(blocking=False):  # by a hook, in another thread
            with closing(self._connect()) as another:
                return _rows(another, statement)
        try:
            if self._connection is None or self._connection.closed:
                self._connection = self._connect()
            _rows(self._connection, "DISCARD ALL")  # as new as a new one, and quicker
            return _rows(self._connection, statement)
        finally:
            self._free.release()

    def _connect(self) -> Any:
        connection = psycopg2.connect(self.dsn)
        connection.autocommit = True
        return connection

    def leave(self) -> None:
        """Close the connection: a database with a visitor cannot be cloned."""
        if self._connection is not None:
            self._connection.close()

    def value(self, query: str) -> Any:
        return self.rows(query)[0][0]

    def snapshot(self) -> Snapshot:
        engine = create_engine(parse_url(self.url), application_name="test")
        with engine.connect() as connection:
            return snapshot(connection, SCHEMAS)

    def data(self) -> dict[str, list[Any]]:
        """Every row of every table, of the bookkeeping what must end empty."""
        with closing(psycopg2.connect(self.dsn)) as connection:
            cursor = connection.cursor()
            cursor.execute(TABLES)
            found = {}
            for (name,) in cursor.fetchall():
                cursor.execute(f"SELECT to_jsonb(t)::text FROM {name} AS t ORDER BY 1")
                found[name] = cursor.fetchall()
            return found

    def state(self) -> "State":
        return self.snapshot(), self.data()

    def assert_is(self, expected: "State") -> None:
        """Catalog and rows are as expected."""
        catalog, rows = expected
        assert diff(catalog, self.snapshot()) == []
        assert self.data() == rows

    def assert_same(self, other: "Lab") -> None:
        """Both databases have the same catalog and the same rows."""
        other.assert_is(self.state())


def _rows(connection: Any, statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


State = tuple[Snapshot, dict[str, list[Any]]]
