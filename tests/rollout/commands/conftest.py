"""``rollout`` in this process, on databases of the test's own.

``rollout(url, "plan", "004")``   runs it; a :class:`Done` with status, out, err, json
``database(url)``                 SQL and snapshots of a database
``project``                       a copy of the revisions to write into
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

from rollout import cli
from tests.commands import ROOT
from tests.versions.database import Database

AUTH_ADMIN = "supabase_auth_admin"


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def rollout(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Done]:
    """Run ``rollout`` from the project's root, without a terminal."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)

    def run(url: str | None, *arguments: str) -> Done:
        capsys.readouterr()
        given = list(arguments)
        if url is not None:
            given += ["--database-url", url]
        status = cli.main(given)
        said = capsys.readouterr()
        return Done(status, said.out, said.err)

    return run


@pytest.fixture
def database(connect: Callable[..., Connection]) -> Callable[..., Database]:
    """``Database`` of a URL; of one of Supabase's with ``auth_admin``."""

    def open_(url: str, auth_admin: str | None = None) -> Database:
        return Database(url, connect, auth_admin)

    return open_


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the revisions to write into."""
    shutil.copy(ROOT / "alembic.ini", tmp_path)
    shutil.copytree(ROOT / "alembic", tmp_path / "alembic")
    return tmp_path
