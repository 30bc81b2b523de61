"""Checks of a database's health: one a file, each with a page in docs/checks/.

A check is a module ``rollout/checks/<name>.py`` with

``TITLE``
    One line: what it looks at.
``run(context) -> list[Finding]``
    Looks, and says what it found; always something, also where all is well. It may
    read only, and may fail: an error of the database becomes a WARN with the reason.

and a line in :data:`NAMES`. On the command line ``_`` is written ``-``.
"""

import importlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, cast

from sqlalchemy.exc import DBAPIError

from rollout.checks.context import Context
from rollout.checks.finding import Finding, warned
from rollout.errors import RolloutError
from rollout.sqlstate import INSUFFICIENT_PRIVILEGE, QUERY_CANCELED, sqlstate

NAMES = (
    "server_version",
    "connection",
    "runner_lock",
    "failed_revisions",
    "unfinished_revisions",
    "checksum_drift",
    "semantic_version",
    "catalog_drift",
    "validation",
    "constraints",
    "invalid_indexes",
    "duplicate_indexes",
    "foreign_key_indexes",
    "row_level_security",
    "policies",
    "user_metadata",
    "definer_views",
    "search_path",
    "function_execute",
    "anon_grants",
    "rejects",
    "parked",
    "rollback_rate",
    "bloat",
    "wraparound",
)
"""Modules of this package, in the order in which they are run and shown."""


class Check(Protocol):
    """A module of this package."""

    TITLE: str

    def run(self, context: Context) -> list[Finding]:
        """Look, and say what was found."""


@dataclass(frozen=True)
class Result:
    """What one check found."""

    name: str
    findings: list[Finding]


def load(name: str) -> Check:
    """The check of this name, written with ``-`` or ``_``.

    Raises:
        RolloutError: There is none.
    """
    module = name.replace("-", "_")
    if module not in NAMES:
        raise RolloutError(
            f"there is no check {name!r}.\n"
            "Nothing was checked.\n"
            "To see which ones there are, run: rollout check --list"
        )
    return cast(Check, importlib.import_module(f"rollout.checks.{module}"))


def shown(name: str) -> str:
    """The name as it is written on the command line."""
    return name.replace("_", "-")


def run(context: Context, names: Iterable[str] = NAMES) -> Iterator[Result]:
    """Run checks, each in a transaction of its own that is rolled back.

    Raises:
        RolloutError: There is no check of a name; before the first is run.
    """
    checks = {name: load(name) for name in names}
    return (guarded(shown(name), c.run, context) for name, c in checks.items())


def guarded(
    name: str, look: Callable[[Context], list[Finding]], context: Context
) -> Result:
    """Look; that it could not be done is itself a finding, never a PASS."""
    try:
        context.begin()
        found = look(context)
        context.connection.commit()  # a rollback would count in pg_stat_database
        return Result(name, found)
    except RolloutError as error:
        first, *more = str(error).splitlines()
        return Result(name, [warned(f"could not look: {first}", more)])
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return Result(name, [_could_not(error)])
    finally:
        if not context.connection.invalidated:
            context.connection.rollback()


def _could_not(error: DBAPIError) -> Finding:
    diag = getattr(error.orig, "diag", None)
    said = getattr(diag, "message_primary", None) or str(error.orig).strip()
    advice = {
        INSUFFICIENT_PRIVILEGE: "As the owner of the schema, run: rollout check",
        QUERY_CANCELED: "Run it again when the server is less busy.",
    }.get(sqlstate(error) or "", "Run it again; if that does not help: rollout status")
    return warned(f"could not look: {said}", remedy=[advice])
