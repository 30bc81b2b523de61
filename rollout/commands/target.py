"""What a command works on: a section of alembic.ini, and the database it belongs to."""

import argparse
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from rollout import database
from rollout.bookkeeping import damage, histories
from rollout.commands.configuration import (
    configuration,
    given_settings,
    in_environment,
)
from rollout.commands.refused import NewerDatabase, NotOurs
from rollout.commands.revisions import Revision, in_order
from rollout.errors import RolloutError
from rollout.running.engine import engine_of
from rollout.running.options import database_url
from rollout.settings import Settings
from rollout.sqlstate import sqlstate


class Target:
    """One schema: its configuration, revisions and database.

    Nothing is connected before :meth:`connect`, :meth:`engine` or :meth:`alembic`.
    """

    def __init__(
        self,
        config_file: str = "alembic.ini",
        section: str = "alembic",
        *,
        database_url: str | None = None,
        x: Sequence[str] = (),
    ) -> None:
        self.section = section
        self.config = configuration(config_file, section)
        self.given = given_settings(x)
        self.settings = Settings.read(self.given)
        if database_url is not None:
            self.config.attributes["database_url"] = database_url
        self.known_url: URL | None = None

    @classmethod
    def of(cls, args: argparse.Namespace) -> "Target":
        """The target that the options of every command name."""
        return cls(args.config, args.schema, database_url=args.database_url, x=args.x)

    # The database.

    @cached_property
    def url(self) -> URL:
        """The database's URL; starts the embedded PostgreSQL where none is named."""
        self.known_url = database_url(self.config)
        return self.known_url

    @property
    def shown(self) -> str:
        """The database for people: its name and host, no user, no password."""
        host = self.url.host or "embedded PostgreSQL"
        if isinstance(query := self.url.query.get("host"), str):
            host = "this machine" if query.startswith("/") else query
        return f"{self.url.database} @ {host}"

    def engine(self) -> Engine:
        """An engine whose transactions begin with the layer's timeouts.

        lock_timeout is short: take locks on tables in use by
        :mod:`rollout.running.locks`.
        """
        return engine_of(self.url, self.settings)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection for the block; what is not committed in it is rolled back.

        Raises:
            RolloutError: The server cannot be reached; says why.
        """
        try:
            connection = self.engine().connect()
        except DBAPIError as error:
            if sqlstate(error) is None:
                raise database.connect_error(self.url, error) from None
            raise
        with connection:
            yield connection

    # The revisions.

    @cached_property
    def script(self) -> ScriptDirectory:
        """Alembic's directory of revisions."""
        return ScriptDirectory.from_config(self.config)

    @cached_property
    def revisions(self) -> list[Revision]:
        """All revisions, the first one first."""
        return in_order(self.script)

    @property
    def heads(self) -> tuple[str, ...]:
        """The last revisions; one, unless somebody branched."""
        return tuple(self.script.get_heads())

    def revision(self, name: str) -> Revision:
        """The revision of this exact name."""
        return next(r for r in self.revisions if r.revision == name)

    def option(self, name: str, default: str = "") -> str:
        """An option of the section in alembic.ini."""
        return self.config.get_main_option(name) or default

    def current(self, connection: Connection, *, required: bool = False) -> str | None:
        """The revision that the database stands at; None for none.

        Args:
            required: Refuse a database without bookkeeping.

        Raises:
            OtherHistory: It belongs to another section of alembic.ini.
            BookkeepingDamaged: Somebody dropped some of it.
            NotOurs: There is no bookkeeping, and it is required.
            NewerDatabase: It stands at a revision that is not in this checkout.
        """
        histories.refuse_other(connection, self.config)
        damage.refuse(connection, self.config)
        table = f"migrations.{histories.version_table(self.config)}"
        known = text("SELECT to_regclass(:table) IS NOT NULL")
        if not connection.scalar(known, {"table": table}):
            if required:
                raise NotOurs(self.shown, table)
            return None
        rows = connection.scalars(text(f"SELECT version_num FROM {table} ORDER BY 1"))
        standing = [str(row) for row in rows]
        ours = {r.revision for r in self.revisions}
        if unknown := [name for name in standing if name not in ours]:
            raise NewerDatabase(self.shown, unknown, ", ".join(self.heads))
        if len(standing) > 1:
            raise RolloutError(
                f"{self.shown} stands at several revisions: {', '.join(standing)}.\n"
                "Nothing was changed.\n"
                "The history has branches, which rollout does not follow.\n"
                "Merge them: alembic merge heads"
            )
        return standing[0] if standing else None

    # Running Alembic.

    def alembic(self, name: str, *arguments: object, **options: object) -> str:
        """Run an Alembic command in this process; return what it printed.

        With every protection: runner lock, journal, locks without queueing. The
        settings given by ``-x`` reach it through the environment, for that time only.

        Raises:
            RolloutError: Refused or failed.
        """
        printed = io.StringIO()
        config = Config(
            self.config.config_file_name, ini_section=self.section,
            stdout=printed, output_buffer=printed,
        )  # fmt: skip
        config.attributes |= self.config.attributes
        what = " ".join(["rollout:", name, *map(str, arguments)])
        reason = {"reason": self.settings.reason or what}
        with in_environment(self.given | reason):
            getattr(command, name)(config, *arguments, **options)
        return printed.getvalue()
