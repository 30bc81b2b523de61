"""What must be known of a server before its programs are called."""

from dataclasses import dataclass

from sqlalchemy import URL, Connection, text

from rollout import database
from rollout.commands.target import Target
from rollout.errors import RolloutError

FACTS = text("""
    SELECT current_setting('server_version') AS version,
        current_setting('server_version_num')::int / 10000 AS major,
        current_database() AS database,
        (SELECT rolcreatedb OR rolsuper FROM pg_catalog.pg_roles
         WHERE rolname = current_user) AS may_create
""")
TRANSACTION_POOLER = 6543
"""Supabase's port for it."""


@dataclass(frozen=True)
class Server:
    """One server, as this role sees it."""

    version: str
    major: int
    database: str
    may_create: bool
    ssl: bool


def elsewhere(target: Target, url: URL | str) -> Target:
    """The same schema and settings, for another database."""
    if isinstance(url, URL):
        url = url.render_as_string(hide_password=False)
    file = target.config.config_file_name or "alembic.ini"
    given = [f"{name}={value}" for name, value in target.given.items()]
    return Target(str(file), target.section, database_url=url, x=given)


def look(target: Target) -> Server:
    """Ask the server of ``target``.

    Raises:
        RolloutError: It cannot be reached, or through a transaction pooler only.
    """
    with target.connect() as connection:
        _refuse_transaction_pooler(target, connection)
        facts = connection.execute(FACTS).one()
        driver = connection.connection.driver_connection
        assert driver is not None
        ssl = bool(driver.info.ssl_in_use)
        return Server(**facts._mapping, ssl=ssl)


def _refuse_transaction_pooler(target: Target, connection: Connection) -> None:
    port = target.url.port or target.url.query.get("port")
    if str(port) == str(TRANSACTION_POOLER) and database.is_pooled(connection):
        raise RolloutError(
            f"{target.shown} is reached through a transaction pooler (port 6543).\n"
            "Nothing was changed, nothing was written.\n"
            "pg_dump and pg_restore need a session of their own.\n"
            "Use the direct connection or the session pooler: port 5432 in DATABASE_URL"
        )


def refuse_without_createdb(target: Target, server: Server, instead: str) -> None:
    """A check needs a database of its own.

    Raises:
        RolloutError: The role may not create databases.
    """
    if not server.may_create:
        role = target.url.username or "the_role"
        raise RolloutError(
            f"a backup is checked in a scratch database, and {role} may not make one.\n"
            "Nothing was changed, nothing was written.\n"
            "The role lacks CREATEDB. As an administrator, run:\n"
            f"    ALTER ROLE {role} CREATEDB\n"
            f"{instead}"
        )
