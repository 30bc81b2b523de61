"""What it costs to start: ``python bench/start.py``, three minutes.

``alembic upgrade head`` from nothing and with nothing to do, beside a bare Alembic
project with one revision that makes one table; ``rollout --help``, ``rollout status``
and ``import models`` beside the interpreter alone. All in turns on one server, medians.

The floor of the way from nothing is the same statements, printed by ``--sql`` and run
by psql from a file: no Python, no journal, no lock.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg2

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import report  # noqa: E402
from rollout import embedded  # noqa: E402

ROUNDS = 15
PYTHON = sys.executable
REVISION = '''\
"""One table."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("one", sa.Column("id", sa.Integer, primary_key=True))


def downgrade() -> None:
    op.drop_table("one")
'''


@dataclass(frozen=True)
class Case:
    """A command to time, and the name of the database that it is to find."""

    command: tuple[str, ...]
    database: str | None = None
    fresh: bool = False
    bare: bool = False


CASES = {
    "interpreter": Case((PYTHON, "-c", "pass")),
    "rollout --help": Case((PYTHON, "-m", "rollout", "--help")),
    "import alembic": Case((PYTHON, "-c", "import alembic.command, alembic.config")),
    "import sqlalchemy.orm": Case((PYTHON, "-c", "import sqlalchemy.orm")),
    "import models": Case((PYTHON, "-c", "import models")),
    "bare from nothing": Case(("upgrade", "head"), "bare", fresh=True, bare=True),
    "from nothing": Case(("upgrade", "head"), "ours", fresh=True),
    "psql": Case(("psql",), "printed", fresh=True),
    "bare nothing to do": Case(("upgrade", "head"), "bare", bare=True),
    "nothing to do": Case(("upgrade", "head"), "ours"),
    "rollout status": Case((PYTHON, "-m", "rollout", "status"), "ours"),
}
ROWS = (
    ("`alembic upgrade head` from nothing", "from nothing", "bare from nothing", 2.0),
    ("the same, nothing to do", "nothing to do", "bare nothing to do", 1.3),
    ("the printed script by psql", "psql", "bare from nothing", None),
)
"""What, the case, what it is compared with, at most how many times as long."""
HELP_AIM_MS = 150


def main() -> None:
    """Measure, save, write the section."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    with TemporaryDirectory(prefix="start.", dir="/tmp") as directory:
        place = Path(directory)
        place.chmod(0o755)
        data = place / "data"
        server = embedded.start(data)
        try:
            report.save("start", measure(Bench(server, place)))
        finally:
            embedded.stop(data)
    render()
    report.compose()
    print((report.PLACE / "start.md").read_text())


def measure(bench: "Bench") -> dict[str, Any]:
    """Every case in turn, so that what else the machine does falls on all alike."""
    took: dict[str, list[float]] = {name: [] for name in CASES}
    for number in range(ROUNDS + 1):
        for name, case in CASES.items():
            ms = bench.run(case)
            if number:  # the first round compiles and reads from disk
                took[name].append(round(ms, 1))
        print(f"\rround {number} of {ROUNDS}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    counted = {"statements": bench.statements, "revisions": bench.revisions}
    return {"rounds": ROUNDS, **counted, "ms": took}


class Bench:
    """A server, a bare project beside ours, and a script that psql can run."""

    def __init__(self, server: "embedded.sa.URL", place: Path) -> None:
        self._server, self._place = server, place
        self._bare = place / "bare"
        self._make_bare()
        self._script = place / "upgrade.sql"
        printed = self._process(
            _alembic(ROOT / "alembic.ini", "upgrade", "head", "--sql")
        )
        self._script.write_text(printed)
        self.statements = printed.count(";\n\n")
        self.revisions = printed.count("-- Running upgrade ")

    def _make_bare(self) -> None:
        """Alembic's own template, as ``alembic init`` leaves it."""
        ini = self._place / "bare.ini"
        self._process(_alembic(ini, "init", str(self._bare)))
        (self._bare / "versions" / "1_one_table.py").write_text(REVISION)

    def run(self, case: Case) -> float:
        """Run a case once; return the milliseconds that it took."""
        url = self._url(case.database) if case.database else ""
        if case.fresh:
            self._make_anew(str(case.database))
        command, env = case.command, {"DATABASE_URL": url} if url else {}
        if case.command == ("psql",):
            command = (str(embedded.binaries() / "psql"), "-qX", "-v",
                       "ON_ERROR_STOP=1", "-f", str(self._script), url)  # fmt: skip
        elif case.bare:
            command = _alembic(self._ini_for(url), *case.command)
        elif case.command[0] == "upgrade":
            command = _alembic(ROOT / "alembic.ini", *case.command)
        started_s = time.perf_counter()
        self._process(command, env)
        return (time.perf_counter() - started_s) * 1000

    def _ini_for(self, url: str) -> Path:
        """The template's alembic.ini, its placeholder replaced."""
        ini = self._place / "bare.ini"
        lines = [
            f"sqlalchemy.url = {_for_alembic(url)}"
            if line.startswith("sqlalchemy.url")
            else line
            for line in ini.read_text().splitlines()
        ]
        ini.write_text("\n".join(lines) + "\n")
        return ini

    def _url(self, database: str) -> str:
        return embedded.url_text(self._server.set(database=database))

    def _make_anew(self, database: str) -> None:
        connection = psycopg2.connect(self._url("postgres"))
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {database}")
            cursor.execute(f"CREATE DATABASE {database}")
            cursor.execute("CHECKPOINT")  # of this, not while the next one is timed
        connection.close()

    def _process(
        self, command: tuple[str, ...], env: Mapping[str, str] | None = None
    ) -> str:
        done = subprocess.run(
            command, env=_environment() | dict(env or {}), cwd=ROOT,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}:\n{done.stderr}")
        return done.stdout


def _environment() -> dict[str, str]:
    """Python as people run it: what it has compiled, it keeps."""
    without = {"DATABASE_URL", "PYTHONDONTWRITEBYTECODE"}
    return {k: v for k, v in os.environ.items() if k not in without}


def _alembic(ini: Path, *arguments: str) -> tuple[str, ...]:
    return (PYTHON, "-m", "alembic", "-c", str(ini), *arguments)


def _for_alembic(url: str) -> str:
    """For alembic.ini: the same driver as ours, and % doubled."""
    return url.replace("postgresql://", "postgresql+psycopg2://").replace("%", "%%")


TEXT = """\
## Start

What the layer adds to a command, beside a bare Alembic project: the library's own
template and one revision that makes one table. In turns on one server that flushes as
usual, medians of {rounds} runs; Python keeps its bytecode, as it does after the first
run of any command.

{table}

{others}

![Milliseconds of each command](start.svg)

- **From nothing** there are {revisions} revisions against one, and some {statements}
  statements. The floor is psql with the printed script, {floor_ms:.0f} ms: what the
  server needs, and a round trip each, without Python.
- **With nothing to do** an upgrade opens three connections: one holds the runner lock,
  one works, one says that it is over. The models are not imported.
- Of each command, the bare ones too, {imports_ms:.0f} ms are imports of Alembic
  and SQLAlchemy: the floor of whatever connects.
"""


def render() -> None:
    """Write the section from the saved figures."""
    saved = report.load("start")
    ms = {name: statistics.median(took) for name, took in saved["ms"].items()}
    rows = [
        (
            what,
            f"{ms[case]:.0f}",
            f"{ms[bare]:.0f}",
            f"{ms[case] / ms[bare]:.2f}",
            _aim(ms[case] / ms[bare], aim),
        )
        for what, case, bare, aim in ROWS
    ]
    help_ms = ms["rollout --help"] - ms["interpreter"]
    others = [
        ("`rollout --help`", f"{ms['rollout --help']:.0f}", "the interpreter",
         f"{help_ms:.0f}", _aim(help_ms, HELP_AIM_MS, " ms")),
        ("`import models`", f"{ms['import models']:.0f}", "`import sqlalchemy.orm`",
         f"{ms['import models'] - ms['import sqlalchemy.orm']:.0f}", "–"),
        ("`rollout status`", f"{ms['rollout status']:.0f}", "the interpreter",
         f"{ms['rollout status'] - ms['interpreter']:.0f}", "–"),
    ]  # fmt: skip
    heads = ("what", "ours, ms", "bare, ms", "ratio", "aim")
    report.section(
        "start",
        TEXT.format(
            rounds=saved["rounds"],
            table=report.table(heads, rows),
            others=report.table(("what", "ms", "beyond", "ms more", "aim"), others),
            revisions=saved["revisions"],
            statements=saved["statements"],
            floor_ms=ms["psql"],
            imports_ms=ms["import alembic"] - ms["interpreter"],
        ),
    )
    report.plot("start", lambda figure: _draw(figure, saved["ms"]))


def _aim(found: float, aim: float | None, unit: str = "") -> str:
    if aim is None:
        return "–"
    return f"at most {aim:g}{unit}: {'met' if found <= aim else 'missed'}"


def _draw(figure: Any, ms: Mapping[str, list[float]]) -> None:
    """A box a case: the middle half of the runs, and where the others are."""
    axes = figure.subplots()
    names = list(ms)[::-1]
    axes.boxplot([ms[name] for name in names], orientation="horizontal")
    axes.set_yticks(range(1, len(names) + 1), names)
    axes.set_xlim(left=0)
    axes.set_xlabel("milliseconds")
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
