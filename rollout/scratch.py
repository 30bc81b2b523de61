"""A database to try something in: made on the same server, dropped in any case."""

import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from rollout import database, embedded
from rollout.errors import RolloutError

PREFIX = "rollout_scratch_"
"""Then the second of its making and something random: who was killed is swept later."""
STALE_S = 6 * 3600

MAY = sa.text("""
    SELECT current_setting('server_version_num')::int / 10000 AS major,
        rolcreatedb OR rolsuper AS may_create
    FROM pg_catalog.pg_roles WHERE rolname = current_user
""")
LEFT_BEHIND = sa.text("""
    SELECT d.datname FROM pg_catalog.pg_database AS d
    WHERE d.datname ~ CAST(:pattern AS text) AND pg_has_role(d.datdba, 'USAGE')
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_stat_activity AS a WHERE a.datid = d.oid
        )
""")


class NoScratch(RolloutError):
    """There is no place for a scratch database."""


@contextmanager
def scratch_database(url: sa.URL) -> Iterator[sa.URL]:
    """Yield the URL of an empty database like that of ``url``.

    On the same server where the role may create databases, else on an embedded server
    of the same major version. It is dropped at the end, also after an error.

    Raises:
        NoScratch: Neither is to be had; says why.
    """
    engine = _engine(url)
    with engine.connect() as connection:
        state = connection.execute(MAY).one()
    if state.may_create:
        with _on(url, engine) as scratch:
            yield scratch
    else:
        with _embedded(state.major) as scratch:
            yield scratch


def left_behind(connection: sa.Connection) -> list[str]:
    """Scratch databases of processes that were killed, ours to drop."""
    names = connection.scalars(LEFT_BEHIND, {"pattern": f"^{PREFIX}[0-9]+_"})
    return [str(name) for name in names if _age_s(str(name)) > STALE_S]


def _age_s(name: str) -> float:
    return time.time() - int(name.removeprefix(PREFIX).partition("_")[0])


def _engine(url: sa.URL) -> sa.Engine:
    engine = database.create_engine(url, application_name="rollout")
    return engine.execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def _on(url: sa.URL, engine: sa.Engine) -> Iterator[sa.URL]:
    name = f"{PREFIX}{int(time.time())}_{secrets.token_hex(4)}"
    try:
        with engine.connect() as connection:
            for old in left_behind(connection):
                with suppress(DBAPIError):  # another process sweeps as well
                    connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{old}"')
            connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE template0')
    except DBAPIError as error:
        raise NoScratch(
            f"no scratch database could be made: {str(error.orig).strip()}"
        ) from error
    try:
        yield url.set(database=name)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def _embedded(major: int) -> Iterator[sa.URL]:
    """A throwaway server; only of the same major version are catalogs alike."""
    why = "the role may not create databases (CREATEDB)"
    if not embedded.installed():
        raise NoScratch(f"{why}, and the embedded PostgreSQL is not installed")
    directory = Path(tempfile.mkdtemp(prefix="rollout-scratch.", dir="/tmp"))  # noqa: S108
    directory.chmod(0o755)
    data = directory / "data"
    try:
        own = embedded.major()
        if own != major:
            raise NoScratch(
                f"{why}, and the embedded PostgreSQL is {own}, the server {major}"
            )
        yield embedded.start(data, settings={"fsync": "off"}, sync=False)
    finally:
        embedded.reset(data)
        shutil.rmtree(directory, ignore_errors=True)
