"""A schema's seeds: found by alembic.ini, refused where they do not belong."""

import importlib
import os
from dataclasses import dataclass
from types import ModuleType

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from rollout.commands.target import Target
from rollout.errors import RolloutError
from rollout.seeding import loading
from rollout.seeding.rows import Rows
from rollout.sqlstate import INSUFFICIENT_PRIVILEGE, sqlstate

ENVIRONMENTS = ("dev", "staging", "production")
OPTION = "seeds"
VARIABLE = "ROLLOUT_ENV"


@dataclass(frozen=True)
class Seeded:
    """One table after seeding."""

    table: str
    rows: int
    inserted: int


class Seeds:
    """The module that a schema names, for one environment."""

    def __init__(self, target: Target, module: ModuleType, environment: str) -> None:
        self._target, self._module, self.environment = target, module, environment
        self.name = module.__name__
        self.rows: list[Rows] = getattr(module, environment)()

    def refuse_production(self) -> None:
        """Development and staging data never go where ROLLOUT_ENV is production.

        Raises:
            RolloutError: It is.
        """
        where = os.environ.get(VARIABLE, "").strip().lower()
        if self.environment != "production" and where in {"production", "prod"}:
            raise RolloutError(
                f"{self.environment} data is not put into production.\n"
                "Nothing was changed; no connection was tried.\n"
                f"{VARIABLE} is {where}, and no option overrides that.\n"
                "For production there is: rollout seed production"
            )

    def strangers(self, connection: Connection) -> int:
        """How many people are in the database whom no seed made.

        0 for production's seeds, which are meant to stand beside them.
        """
        people = getattr(self._module, "PEOPLE", None)
        if people is None or self.environment == "production":
            return 0
        known = text("SELECT to_regclass(:people) IS NOT NULL")
        if not connection.scalar(known, {"people": people}):
            return 0
        seeded = [
            str(row[rows.columns.index("id")])
            for environment in ENVIRONMENTS
            for rows in getattr(self._module, environment)()
            if rows.table == people
            for row in rows.make()
        ]
        query = text(f"SELECT count(*) FROM {people} WHERE id::text <> ALL (:seeded)")
        return int(connection.scalar(query, {"seeded": seeded}) or 0)

    def load(self, only: str | None = None) -> list[Seeded]:
        """Put every row where it is missing; each batch stays once it is in.

        Args:
            only: Name of the one table to fill.

        Raises:
            RolloutError: A table is not there, or may not be written.
        """
        chosen = [rows for rows in self.rows if only in (None, rows.table)]
        if only and not chosen:
            tables = ", ".join(rows.table for rows in self.rows) or "nothing"
            raise RolloutError(
                f"no {self.environment} seeds are for {only}.\n"
                "Nothing was changed.\n"
                f"They are for: {tables}.\n"
                f"Run: rollout seed {self.environment}"
            )
        return [
            Seeded(rows.table, *self._load(rows, index, chosen))
            for index, rows in enumerate(chosen)
        ]

    def _load(self, rows: Rows, index: int, chosen: list[Rows]) -> tuple[int, int]:
        try:
            return loading.load(self._target, rows)
        except DBAPIError as error:
            if sqlstate(error) != INSUFFICIENT_PRIVILEGE:
                raise
            done = ", ".join(r.table for r in chosen[:index]) or "nothing yet"
            raise RolloutError(
                f"the role of DATABASE_URL may not insert into {rows.table}.\n"
                f"In place: {done}. What is in stays, and is not put in twice.\n"
                "The table belongs to somebody else (on Supabase, auth.users to\n"
                "supabase_auth_admin). Put its rows in as a role that may:\n"
                f"    rollout seed {self.environment} --only {rows.table}"
                " --database-url …\n"
                "then run the same command again."
            ) from None


def seeds_of(target: Target, environment: str) -> Seeds:
    """The seeds of the target's schema.

    Raises:
        RolloutError: The schema names none, or they cannot be imported.
    """
    name = target.option(OPTION)
    if not name:
        raise RolloutError(
            f"the schema {target.section} names no seeds.\n"
            "Nothing was changed; no connection was tried.\n"
            f"Its section in {target.config.config_file_name} has no line for them.\n"
            f"Add one that names the module: {OPTION} = seeds.{target.section}"
        )
    _ = target.script  # puts prepend_sys_path in place, as for the revisions
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise RolloutError(
            f"the seeds {name} cannot be imported: {error}.\n"
            "Nothing was changed; no connection was tried.\n"
            f"{target.config.config_file_name} names them; they are in the checkout.\n"
            "Run this in the project's directory."
        ) from None
    return Seeds(target, module, environment)
