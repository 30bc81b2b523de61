"""Making a backup."""

import datetime as dt
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from rollout.backup import contents, failures, outside, process, server, verifying
from rollout.backup.archive import Archive, Part, remove_leftovers
from rollout.backup.clients import Client, choose
from rollout.backup.contents import Snapshot
from rollout.backup.manifest import Manifest, SavedTable
from rollout.backup.server import Server
from rollout.commands import state
from rollout.commands.target import Target
from rollout.errors import RolloutError
from rollout.terminal import notice as say

DIRECTORY = Path("backups")
SCHEMAS = "public, migrations, parked"
OPTION = "backup_schemas"
"""In the schema's section of alembic.ini."""
UNCHECKED = ".unchecked"


@dataclass(frozen=True)
class BackupResult:
    """A backup that stands under its name; ``checked`` by restoring it."""

    path: Path
    bytes: int
    rows: int
    tables: list[SavedTable]
    schemas: list[str]
    checked: bool
    server: str
    client: str
    seconds: float


def create(
    target: Target,
    path: Path | None = None,
    *,
    check: bool = True,
    notice: Callable[[str], None] = say,
) -> BackupResult:
    """Save everything the schema owns; return once it is safe on disk.

    Under its final name the file is complete, and restored once (``check``). Live
    traffic goes on: dump, counts and hashes see one snapshot.

    Args:
        path: The file; backups/<database>_<UTC time>.dump where None.

    Locks: ACCESS SHARE on every table, as a reader.

    Raises:
        RolloutError: Nothing stands under the final name.
    """
    started, facts = time.monotonic(), server.look(target)
    if check:
        server.refuse_without_createdb(
            target, facts, "or save without the check: rollout backup --no-check"
        )
    client = choose(facts.major, ssl=facts.ssl)
    try:
        with Part(path or _default(facts, notice)) as part:
            notice(f"saving {target.shown} with pg_dump {client.major} …")
            _say_half_done(target, notice)
            manifest = _save(target, facts, client, part)
            part.append(manifest)
            if check:
                _check(target, part, manifest, notice)
            final = part.finish()
    except DBAPIError as error:
        raise failures.lost(target, error) from None
    except OSError as error:
        raise failures.not_written(error) from None
    return BackupResult(
        path=final,
        bytes=final.stat().st_size,
        rows=manifest.rows,
        tables=manifest.tables,
        schemas=[*manifest.schemas, *manifest.adopted],
        checked=check,
        server=facts.version,
        client=str(client.directory),
        seconds=round(time.monotonic() - started, 3),
    )


def _default(facts: Server, notice: Callable[[str], None]) -> Path:
    name = re.sub(r"[^\w.-]", "_", facts.database)
    for path in remove_leftovers(DIRECTORY, f"{name}_*.dump.part"):
        notice(f"removed {path}, left by a backup that was killed")
    return DIRECTORY / f"{name}_{dt.datetime.now(dt.UTC):%Y%m%d_%H%M%S}.dump"


def _say_half_done(target: Target, notice: Callable[[str], None]) -> None:
    """Such a backup is good; but after a restore that revision comes first."""
    with target.connect() as connection:
        if not connection.scalar(state.BOOKKEEPING):
            return
        for half in state.rows(connection, state.UNFINISHED):
            back = half["direction"] == "downgrade"
            command = "rollback -1" if back else f"deploy {half['revision']}"
            notice(
                f"warning: the {half['direction']} of {half['revision']} is half done"
                f" (since {half['since']:%Y-%m-%d %H:%M:%S %Z}), and the backup has it"
                f" so.\nIt goes on where it stopped, here and where the backup is"
                f" restored: rollout {command}"
            )


def _save(target: Target, facts: Server, client: Client, part: Part) -> Manifest:
    """Run pg_dump and meanwhile count and hash what it saves."""
    wanted = [s.strip() for s in target.option(OPTION, SCHEMAS).split(",") if s.strip()]
    with target.connect() as connection:
        schemas = list(connection.scalars(contents.SCHEMAS, {"schemas": wanted}))
        found = outside.referred(connection, schemas)
        adopted = outside.adopted(connection, found, schemas)
    with contents.snapshot(target, [*schemas, *adopted]) as held:
        command = _command(target, client, held.name, [*schemas, *adopted])
        with process.running(command, target.url, stdout=part.file) as pg_dump:

            def watch() -> None:
                if pg_dump.process.poll():
                    raise failures.failed(target, pg_dump)

            tables = contents.hashed(held, watch)
            manifest = _describe(held, facts, client, tables, schemas, adopted)
            pg_dump.ended()
            watch()
    return manifest


def _command(
    target: Target, client: Client, snapshot: str, schemas: list[str]
) -> list[str]:
    quoted = ['"' + name.replace('"', '""') + '"' for name in schemas]
    return [
        client.program("pg_dump"), "--format=custom", "--no-password",
        f"--snapshot={snapshot}",
        f"--lock-wait-timeout={target.settings.lock_wait_s * 1000 or 1:.0f}",
        *(f"--schema={name}" for name in quoted),
        f"--dbname={process.address(target.url)}",
    ]  # fmt: skip


def _describe(
    held: Snapshot,
    facts: Server,
    client: Client,
    tables: list[SavedTable],
    schemas: list[str],
    adopted: list[str],
) -> Manifest:
    everything = [*schemas, *adopted]
    found = outside.referred(held.connection, schemas)
    return Manifest(
        database=facts.database,
        taken_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        server=facts.version,
        client=client.major,
        schemas=schemas,
        adopted=adopted,
        tables=tables,
        outside_tables=outside.with_keys(held.connection, found.tables, schemas),
        outside_functions=found.functions,
        extensions=outside.extensions(held.connection, everything),
        roles=outside.roles(held.connection, everything),
    )


def _check(
    target: Target, part: Part, manifest: Manifest, notice: Callable[[str], None]
) -> None:
    notice("checking it: restoring into a scratch database, comparing …")
    size = part.name.stat().st_size
    try:
        verifying.compare(target, Archive(part.name, manifest, size))
    except (RolloutError, DBAPIError) as error:
        kept = part.finish(UNCHECKED)
        said = error.orig if isinstance(error, DBAPIError) else error
        raise RolloutError(
            f"the backup was written, and could not be checked:\n{said}\n"
            f"It is kept as {kept}; the database was only read.\n"
            "If the cause lies with the check (no space for one more database), mend\n"
            f"it and run: rollout verify {kept}"
        ) from None
