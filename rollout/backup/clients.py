"""PostgreSQL's programs: which of those on this machine suits the server."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rollout import embedded
from rollout.errors import RolloutError

PROGRAMS = ("pg_dump", "pg_restore", "psql")
INSTALLED = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
)
DIRECTORY = "ROLLOUT_PG_BIN"
"""Environment variable: the directory to take instead of looking."""


@dataclass(frozen=True)
class Client:
    """pg_dump, pg_restore and psql of one version."""

    directory: Path
    major: int

    def program(self, name: str) -> str:
        """The path of one of them."""
        return str(self.directory / name)

    @cached_property
    def ssl(self) -> bool:
        """Whether it can speak SSL; its libpq refuses before it connects."""
        said = _said(
            self.program("pg_dump"), "-w", "-d", "host=/nowhere sslmode=require"
        )
        return "not compiled in" not in said


class NoClient(RolloutError):
    """No suitable program; ``found`` are the major versions that were looked at."""

    def __init__(self, needed: int, ssl: bool, found: list[Client]) -> None:
        self.needed, self.found = needed, [client.major for client in found]
        listed = "\n".join(
            f"    {client.major}  {client.directory}"
            f"{'' if client.ssl or not ssl else '  (without SSL)'}"
            for client in found
        )
        super().__init__(
            f"no pg_dump here suits the server: PostgreSQL {needed} or later is needed"
            f"{', with SSL' if ssl else ''}.\n"
            f"Nothing was changed or written. Found:\n{listed or '    none'}\n"
            "An older pg_dump refuses a newer server, and does not know what is new.\n"
            f"Install one, for example: apt install postgresql-client-{needed}\n"
            f"or say where it is: export {DIRECTORY}=/path/to/bin"
        )


def choose(needed: int, *, ssl: bool) -> Client:
    """The oldest client that is new enough: what it writes, older servers can read.

    Args:
        needed: Major version, at least.
        ssl: The connection is an SSL one. The embedded programs cannot do that.

    Raises:
        NoClient: There is none.
    """
    found = sorted(candidates(), key=lambda client: client.major)
    for client in found:
        if client.major >= needed and (not ssl or client.ssl):
            return client
    raise NoClient(needed, ssl, found)


def candidates() -> Iterator[Client]:
    """Every complete set of programs: on PATH, of the system, the embedded one."""
    known = set()
    for directory in _directories():
        if directory in known or not all((directory / p).exists() for p in PROGRAMS):
            continue
        known.add(directory)
        said = _said(str(directory / "pg_dump"), "--version")
        if version := re.search(r"\) (\d+)", said):
            yield Client(directory, int(version[1]))


def _directories() -> Iterator[Path]:
    if given := os.environ.get(DIRECTORY):
        yield Path(given)
        return
    for pattern in INSTALLED:
        yield from sorted(Path("/").glob(pattern.lstrip("/")))
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).parent
    if embedded.installed():
        yield embedded.binaries()


def _said(*command: str) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=20,
            stdin=subprocess.DEVNULL, env=os.environ | {"LC_ALL": "C"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr
