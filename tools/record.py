"""Outputs in the documents, from a real run: ``python tools/record.py``.

A page is its own script. Its blocks that begin with ``$ rollout`` or ``$ alembic`` are
run from the top to the bottom, on a PostgreSQL of their own; what happens between them,
and the reader need not see, stands in comments above them:

    <!-- record
    database shop                    work on this one, empty when it is first named
    database spare SPARE_URL         make it, and put its URL into the environment
    old application                  its tables and 1,032 rows
    rollout deploy --no-backup       a command whose output is not shown
    sql DELETE FROM …                a statement of the owner
    hold reporting LOCK TABLE …      the same, in a transaction that stays open
    wait report SELECT …             the same, and somebody is in its way
    let go                           ends those sessions
    start rollout deploy 006         a command in the background
    until SELECT … FROM …            wait until this is true
    finish / kill                    wait for that command / kill -9
    Ctrl-C 2                         is pressed so many seconds after the next command
    env NAME VALUE                   until the next comment
    write flags.csv SELECT …         rows as a file with a header
    slow                             up to the next comment not for the test
    -->

A line ``…`` in a block stands for lines left out. Numbers, times and widths differ from
run to run; when anything else does, a test fails, and all of the page is written anew.
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
from collections.abc import Iterator, Sequence
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

PAGES = [ROOT / "docs" / name for name in ("cli.md", "monitoring.md", "runbook.md")]

PART = re.compile(
    r"<!-- record\n(?P<steps>.*?)-->"
    r"|^```\w*\n(?P<block>\$ (?:rollout|alembic) .*?)^```$",
    re.MULTILINE | re.DOTALL,
)
MASKS = [
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f-]+)?\b"), "#"),  # hashes, UUIDs
    (re.compile(r"\d[\d,.:]*"), "#"),
    (re.compile(r"#-#-#([ T]#)?(\+#)?|# (\+# )?#"), "#"),
    (re.compile(r"# ?(ms|s|min|bytes|kB|MB|B)\b"), "# unit"),
    (re.compile(r"^connections .*"), "connections"),  # ours come and go
    (re.compile(r"\s+"), " "),
]
"""What differs from run to run."""
SLOW = re.compile(r"^.* rows/s, .* left\n", re.MULTILINE)
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


@dataclass(frozen=True)
class Block:
    """A block of the page: where it is, what it shows, and what a run shows."""

    start: int
    shown: str
    real: str

    @property
    def fitted(self) -> list[str] | None:
        """The run's lines, shortened as shown; None if they are others."""
        return fit(self.shown.splitlines(), self.real.splitlines())


def run(text: str, server: sa.URL, *, slow: bool = True) -> list[Block]:
    """Run a page's commands; every block with its true output."""
    blocks, skipped = [], False
    with telling(server) as story:
        for part in PART.finditer(text):
            if part["steps"] is not None:
                steps = part["steps"].splitlines()
                skipped = not slow and "slow" in steps
                story.forget()
                for line in () if skipped else steps:
                    story.step(line)
            elif not skipped:
                commands = re.findall(r"^\$ (\w+ .*)$", part["block"], re.MULTILINE)
                real = "".join(story.command(line) for line in commands)
                blocks.append(Block(part.start("block"), part["block"], real))
    return blocks


def masked(line: str) -> str:
    """The line without what differs from run to run."""
    for pattern, instead in MASKS:
        line = pattern.sub(instead, line)
    return line.rstrip()


def fit(shown: list[str], real: list[str]) -> list[str] | None:
    """``real`` with a ``…`` wherever ``shown`` has one; None if it does not fit."""
    pieces: list[list[str]] = [[]]
    for line in shown:
        if line == "…":
            pieces.append([])
        else:
            pieces[-1].append(masked(line))
    lines, found, at = [masked(line) for line in real], [], 0
    for number, piece in enumerate(pieces):
        last = len(lines) - len(piece)
        places = range(at, last + 1)
        if number == 0:
            places = places[:1]
        if number == len(pieces) - 1:
            places = places[-1:] if number else places if last == 0 else range(0)
        place = next((p for p in places if lines[p : p + len(piece)] == piece), None)
        if place is None:
            return None
        found += ["…"] * (number > 0) + real[place : place + len(piece)]
        at = place + len(piece)
    return found


def written(text: str, blocks: list[Block]) -> str:
    """The page with the run's outputs."""
    for block in reversed(blocks):
        lines = block.fitted or block.real.rstrip().splitlines()
        new = "\n".join(lines) + "\n"
        text = text[: block.start] + new + text[block.start + len(block.shown) :]
    return text


def main(names: Sequence[str] = ()) -> int:
    """Write the pages that are no longer true; those named in any case."""
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:  # a short path
        data_dir = Path(directory) / "data"
        Path(directory).chmod(0o755)
        server = embedded.start(data_dir, sync=False)
        try:
            for page in PAGES:
                if not names or page.name in names:
                    record(page, server, anyway=bool(names))
        finally:
            embedded.stop(data_dir)
    return 0


def record(page: Path, server: sa.URL, *, anyway: bool) -> None:
    """Write one page, unless it is true."""
    text = page.read_text(encoding="utf-8")
    blocks = run(text, server)
    for block in blocks:
        if block.fitted is None:
            line = text.count("\n", 0, block.start) + 1
            print(f"{page.relative_to(ROOT)}:{line} is new", file=sys.stderr)
    if anyway or any(block.fitted is None for block in blocks):
        page.write_text(written(text, blocks), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
