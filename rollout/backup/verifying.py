"""Checking a backup by restoring it where nobody is."""

import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from rollout import database
from rollout.backup import load, server, stand_in
from rollout.backup.archive import Archive, open_archive
from rollout.backup.manifest import SavedTable
from rollout.commands.target import Target
from rollout.errors import RolloutError
from rollout.scratch import NoScratch, scratch_database


@dataclass(frozen=True)
class VerifyResult:
    """A backup that was restored and found to be what was saved."""

    path: Path
    bytes: int
    database: str
    taken_at: str
    rows: int
    tables: list[SavedTable]
    seconds: float


def verify(target: Target, path: Path) -> VerifyResult:
    """Restore ``path`` into a scratch database on the server of ``target`` and compare.

    Raises:
        RolloutError: The file is no good, or could not be restored, or differs.
    """
    started, archive = time.monotonic(), open_archive(path)
    server.refuse_without_createdb(
        target, server.look(target), "or check it on another server: --database-url URL"
    )
    try:
        compare(target, archive)
    except (DBAPIError, NoScratch) as error:
        said = database.scrub(str(getattr(error, "orig", error)), target.url)
        raise RolloutError(
            f"{path} could not be checked: {said}\n"
            "Nothing was changed; the file is as it was written, by its checksum.\n"
            "The server has no space for a scratch database, or ended the connection.\n"
            "Mend that, or check it on another server: --database-url URL"
        ) from None
    manifest = archive.manifest
    return VerifyResult(
        path=path,
        bytes=archive.bytes,
        database=manifest.database,
        taken_at=manifest.taken_at,
        rows=manifest.rows,
        tables=manifest.tables,
        seconds=round(time.monotonic() - started, 3),
    )


def compare(target: Target, archive: Archive) -> None:
    """Restore into a scratch database, with rows and hashes compared in it.

    Raises:
        RolloutError: It cannot be restored, or differs from what was saved.
        DBAPIError: The scratch database cannot be made.
    """
    with scratch_database(target.url) as url:
        empty = server.elsewhere(target, url)
        with empty.connect() as connection:
            roles = stand_in.roles(connection, archive.manifest)
        before = "".join(f"{statement};\n" for statement in roles)
        load.load(empty, archive, load.plan(empty, archive.manifest), before=before)
