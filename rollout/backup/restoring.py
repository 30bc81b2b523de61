"""Restoring a backup into a database: an empty one, or by name in place."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from rollout.backup import load, replace, saving, stand_in
from rollout.backup.archive import Archive, open_archive
from rollout.backup.keys import refuse_missing_keys
from rollout.backup.manifest import Manifest, SavedTable
from rollout.commands.target import Target
from rollout.errors import RolloutError
from rollout.sqltext import verbatim
from rollout.terminal import notice as say

EXAMPLES = 5


@dataclass(frozen=True)
class RestoreResult:
    """What was restored; ``replaced`` is the backup of what was there before."""

    path: Path
    into: str
    rows: int
    tables: list[SavedTable]
    kept_schemas: list[str]
    stand_in: list[str]
    replaced: Path | None
    seconds: float


class NotEmpty(RolloutError):
    """The database holds something in the schemas to restore."""

    def __init__(self, target: Target, found: list[str]) -> None:
        self.found = found
        listed = "".join(f"    {name}\n" for name in found[:EXAMPLES])
        more = len(found) - EXAMPLES
        listed += f"    … and {more} more\n" if more > 0 else ""
        super().__init__(
            f"{target.shown} is not empty. It holds:\n{listed}"
            "Nothing was changed.\n"
            "A backup is restored into an empty database, or in the place of what is\n"
            "there. To replace it (a backup of it is made first), add its name:\n"
            f"    --replace {target.url.database}"
        )


def restore(
    into: Target,
    path: Path,
    *,
    replacing: str | None = None,
    save_first: bool = True,
    notice: Callable[[str], None] = say,
    restored: Callable[[], None] = lambda: None,
) -> RestoreResult:
    """Restore ``path`` into the database of ``into``: all of it, or nothing.

    One transaction, which ends by comparing rows and hashes with those saved.

    Args:
        replacing: The database's name: what the schemas hold is replaced.
        save_first: Make a backup of what is replaced.
        restored: Called once it is committed; statistics are gathered after it.

    Locks: while replacing, ACCESS EXCLUSIVE on everything until it is done: stop the
        application first. Waits up to lock_wait_s for it.

    Raises:
        RolloutError: Refused or failed; the database is as it was.
    """
    started, archive = time.monotonic(), open_archive(path)
    emptied, saved = _prepare(into, archive.manifest, replacing), None
    if emptied and save_first:
        notice("saving what is there now …")
        saved = saving.create(into, check=False, notice=notice).path
    how = load.plan(into, archive.manifest, emptied=emptied)
    made = [s for s in archive.manifest.outside_schemas if s not in how.there]
    made = [s for s in made if s not in archive.manifest.adopted]
    notice(f"restoring {path} into {into.shown}, in one transaction …")
    load.load(into, archive, how, before=replace.empty(emptied))
    restored()
    _analyze(into, archive.manifest, how)
    return RestoreResult(
        path=path,
        into=into.shown,
        rows=sum(table.rows for table in _restored(archive, how)),
        tables=_restored(archive, how),
        kept_schemas=how.kept,
        stand_in=made,
        replaced=saved,
        seconds=round(time.monotonic() - started, 3),
    )


def _prepare(into: Target, manifest: Manifest, replacing: str | None) -> list[str]:
    """Refuse what cannot go well; return the schemas to empty first."""
    with into.connect() as connection:
        _refuse_missing_roles(into, connection, manifest)
        emptied = _emptied(into, connection, manifest, replacing)
        refuse_missing_keys(into, connection, manifest, emptied)
    return emptied


def _emptied(
    into: Target, connection: Connection, manifest: Manifest, replacing: str | None
) -> list[str]:
    """The schemas to empty first; none where there is nothing in them.

    Raises:
        RolloutError: There is something, and it is not to be replaced.
    """
    found = replace.held(connection, manifest.schemas)
    if not found:
        return []
    if replacing is None:
        raise NotEmpty(into, found)
    if replacing != into.url.database:
        raise RolloutError(
            f"--replace names {replacing}, and the database is {into.url.database}.\n"
            "Nothing was changed.\n"
            "The name is asked for so that nobody replaces the wrong one.\n"
            "Look at --into once more, then give its database's name."
        )
    ours = replace.owned(connection, manifest.adopted)
    emptied = [*manifest.schemas, *ours]
    if others := replace.dependents(connection, emptied):
        listed = "".join(f"    {name}\n" for name in others[:EXAMPLES])
        raise RolloutError(
            f"other schemas use what would be replaced:\n{listed}"
            "Nothing was changed.\n"
            "Replacing it would take these away, and the backup does not hold them.\n"
            "Drop them, and make them again afterwards."
        )
    return emptied


def _refuse_missing_roles(
    into: Target, connection: Connection, manifest: Manifest
) -> None:
    if missing := stand_in.roles(connection, manifest):
        listed = "\n".join(f"    {statement};" for statement in missing)
        raise RolloutError(
            f"the server of {into.shown} lacks roles that grants and policies name.\n"
            "Nothing was changed.\n"
            "Roles belong to a server, and no backup of a database holds them.\n"
            f"Create them as an administrator, then run the command again:\n{listed}"
        )


def _restored(archive: Archive, how: load.Plan) -> list[SavedTable]:
    return [t for t in archive.manifest.tables if t.schema not in how.kept]


def _analyze(into: Target, manifest: Manifest, how: load.Plan) -> None:
    """A restored table has no statistics: plans would be poor till autovacuum."""
    engine = into.engine().execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for table in manifest.tables:
            if table.schema not in how.kept and table.rows:
                analyze = f'ANALYZE "{table.schema}"."{table.name}"'
                connection.execute(verbatim(analyze))
