"""Throwaway PostgreSQL servers: one for plain tests, one that looks like Supabase.

Each session (with pytest -n, each worker) has its own, so roles, which belong to the
whole server, are never shared between tests that run at once.
"""

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import sqlalchemy as sa

from rollout import embedded
from rollout.database import parse_url
from rollout.embedded.cluster import Cluster

PREFIX = "rollout-test."
PLACES = ("/dev/shm", "/tmp")
ENOUGH = 4 * 1024**3
"""Bytes free in memory before it is used: a worker's databases take some hundred MB."""
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
}


@contextmanager
def plain_server() -> Iterator[sa.URL]:
    """Yield a server's superuser URL: TEST_DATABASE_URL's, or that of a new server."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield parse_url(given, source="TEST_DATABASE_URL")
    else:
        with new_server() as url:
            yield url


@contextmanager
def new_server(
    superuser: str = "postgres", settings: dict[str, str] | None = None
) -> Iterator[sa.URL]:
    """Yield the URL of a new server, gone afterwards; PG=system takes the system's."""
    settings = SETTINGS | (settings or {})
    with _directory() as directory:
        data_dir = directory / "data"
        if os.environ.get("PG") != "system":
            url = embedded.start(
                data_dir, settings=settings, superuser=superuser, sync=False
            )
            try:
                yield url
            finally:
                embedded.reset(data_dir)
            return
        cluster = system_cluster(data_dir, superuser)
        cluster.create(sync=False)
        cluster.start(settings)
        try:
            yield cluster.running()
        finally:
            cluster.remove()


def system_cluster(data_dir: Path, superuser: str = "postgres") -> Cluster:
    """Return a cluster for the newest PostgreSQL that the system has."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    programs = versions[-1] if versions else Path(shutil.which("postgres") or "missing")
    if not programs.exists():
        raise RuntimeError("PG=system: there is no PostgreSQL server on this system")
    user = os.geteuid() or pwd.getpwnam("postgres").pw_uid
    return Cluster(data_dir, programs.resolve().parent, user, superuser)


@contextmanager
def _directory() -> Iterator[Path]:
    """Yield a directory whose short path fits a socket, open to the server's user."""
    _sweep()
    path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}.", dir=place()))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def place() -> str:
    """Memory, where there is enough of it: most of a test is making its database."""
    memory, disk = PLACES
    roomy = Path(memory).is_dir() and os.access(memory, os.W_OK)
    return memory if roomy and shutil.disk_usage(memory).free > ENOUGH else disk


def _sweep() -> None:
    """Remove servers whose test run was killed before it could: the name says whose."""
    for path in (p for place in PLACES for p in Path(place).glob(f"{PREFIX}*")):
        pid = int(path.name.removeprefix(PREFIX).partition(".")[0])
        if not psutil.pid_exists(pid) and path.stat().st_uid == os.geteuid():
            embedded.reset(path / "data")
            shutil.rmtree(path, ignore_errors=True)
