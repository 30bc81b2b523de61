"""One run of a page's commands: its databases, and what goes on beside them.

The steps are those of :mod:`record`, which says what a page may have.
"""

import contextlib
import getpass
import io
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg2
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.config import main as alembic_main

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import legacy_data  # noqa: E402

from rollout import cli, embedded  # noqa: E402

SLOW = re.compile(r"^  .* rows/s, .* left\n", re.MULTILINE)
"""Progress that only a slow machine shows."""
WAIT_S = 30
GONE = """
    SELECT NOT EXISTS (
        SELECT FROM pg_stat_activity WHERE application_name = 'rollout'
    )
"""
PROGRAMS = {"rollout": cli.main, "alembic": alembic_main}


class Typist(io.StringIO):
    """A terminal at which somebody answers yes."""

    def isatty(self) -> bool:
        """So that it is asked."""
        return True

    def readline(self, *_: Any) -> str:
        """What is typed is seen."""
        print("yes", flush=True)
        return "yes\n"


@dataclass
class Story:
    """One run of a page: its databases, and what goes on beside the commands."""

    server: sa.URL
    at: Path
    url: str = ""
    held: list[Any] = field(default_factory=list)
    beside: subprocess.Popen[str] | None = None
    made: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)

    def step(self, line: str) -> None:
        """Do one line of a comment."""
        word, _, rest = line.partition(" ")
        match word, rest:
            case "database", _:
                self.database(*rest.split())
            case "old", "application":
                self.old_application()
            case "rollout" | "alembic", _:
                self.command(line)
            case "sql", _:
                self.sql(rest)
            case "hold" | "wait", _:
                self.hold(*rest.split(" ", 1), waits=word == "wait")
            case "let", "go":
                self.let_go()
            case "start", _:
                self.beside = subprocess.Popen(
                    [sys.executable, "-m", *shlex.split(rest)], text=True, cwd=self.at,
                    env=os.environ | {"PYTHONPATH": str(ROOT)},
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )  # fmt: skip
            case "until", _:
                self.until(rest)
            case "finish", "":
                assert self.beside is not None
                assert self.beside.wait(WAIT_S) == 0
            case "kill", "":
                assert self.beside is not None
                self.beside.kill()
                self.until(GONE)
            case "Ctrl-C", _:
                press = (os.getpid(), signal.SIGINT)
                threading.Timer(float(rest), os.kill, press).start()
            case "env", _:
                name, _, value = rest.partition(" ")
                self.names.append(name)
                os.environ[name] = value
            case "write", _:
                name, _, query = rest.partition(" ")
                with (self.at / name).open("w") as file, self.session() as session:
                    copy = f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER)"
                    session.cursor().copy_expert(copy, file)
            case "slow", "":
                pass
            case _:
                raise ValueError(f"no such step: {line}")

    def forget(self) -> None:
        """Take back what was set for one comment's blocks."""
        while self.names:
            os.environ.pop(self.names.pop(), None)

    def database(self, name: str, variable: str = "DATABASE_URL") -> None:
        """Make it where it is missing, and point ``variable`` at it."""
        if name not in self.made:
            self.made.add(name)
            self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", "postgres")
            self.sql(f"CREATE DATABASE {name} TEMPLATE template0", "postgres")
        url = embedded.url_text(self.server.set(database=name))
        os.environ[variable] = url
        if variable == "DATABASE_URL":
            self.url = url

    def old_application(self) -> None:
        """The existing tables with a thousand users, as before the first revision."""
        with contextlib.redirect_stderr(io.StringIO()):
            command.upgrade(Config("alembic.ini"), "baseline")
        people = legacy_data.users()
        with self.session() as session, session.cursor() as cursor:
            for table, rows in {
                "auth.users": people,
                "public.user_onboarding": list(legacy_data.onboarding(people)),
            }.items():
                names = rows[0]._fields
                holes = ", ".join(["%s"] * len(names))
                cursor.executemany(
                    f"INSERT INTO {table} ({', '.join(names)}) VALUES ({holes})", rows
                )
            cursor.execute("ANALYZE auth.users, public.user_onboarding")

    def sql(self, statement: str, name: str | None = None) -> Any:
        """Execute it, committed at once; its only value, if it has one."""
        session = self.session(name=name)
        session.autocommit = True
        with contextlib.closing(session), session.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None

    def session(self, program: str = "psql", name: str | None = None) -> Any:
        """A connection to the present database, or to another one."""
        url = embedded.url_text(self.server.set(database=name)) if name else self.url
        return psycopg2.connect(url, application_name=program)

    def hold(self, program: str, statement: str, *, waits: bool) -> None:
        """Execute it in a session that stays in its transaction."""
        session = self.session(program)
        self.held.append(session)
        if not waits:
            session.cursor().execute(statement)
            return

        def work() -> None:
            with contextlib.suppress(psycopg2.Error):
                session.cursor().execute(statement)

        threading.Thread(target=work, daemon=True).start()
        pid = session.info.backend_pid
        self.until(f"SELECT cardinality(pg_blocking_pids({pid})) > 0")

    def let_go(self) -> None:
        """End the sessions; the first one holds up the others."""
        while self.held:
            self.held.pop(0).close()

    def until(self, query: str) -> None:
        """Wait for what must come to be."""
        deadline = time.monotonic() + WAIT_S
        while not self.sql(query):
            assert time.monotonic() < deadline, query
            time.sleep(0.02)

    def command(self, line: str) -> str:
        """Run one command; it, and what a terminal would show of it."""
        if self.held:
            pid = str(self.held[0].info.backend_pid)
            line = re.sub(r"(?<=--terminate )\d+", pid, line)
        shown = io.StringIO()
        with (
            contextlib.redirect_stdout(shown),
            contextlib.redirect_stderr(shown),
            mock.patch("sys.stdin", Typist()),
            contextlib.suppress(SystemExit),
        ):
            program, *arguments = shlex.split(line)
            PROGRAMS[program](arguments)
        text = SLOW.sub("", shown.getvalue()).strip("\n").replace(f"{self.at}/", "")
        us = f"{getpass.getuser()}@{socket.gethostname()}"
        return f"$ {line}\n{text.replace(us, 'deploy@web-1')}\n"

    def end(self) -> None:
        """Leave nothing behind on the server."""
        self.let_go()
        if self.beside is not None and self.beside.poll() is None:
            self.beside.kill()
        for name in self.made:
            self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", "postgres")


@contextlib.contextmanager
def telling(server: sa.URL) -> Iterator[Story]:
    """A story on this server, in a copy of the revisions."""
    before = Path.cwd()
    with (
        tempfile.TemporaryDirectory() as directory,
        mock.patch.dict(os.environ, {"NO_COLOR": "1"}),
    ):
        story = Story(server, Path(directory).resolve())
        shutil.copy(ROOT / "alembic.ini", directory)
        shutil.copytree(ROOT / "alembic", story.at / "alembic")
        os.chdir(story.at)
        try:
            yield story
        finally:
            os.chdir(before)
            story.end()
