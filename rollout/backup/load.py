"""Loading a backup into a database, in one transaction: all of it, or nothing.

psql runs BEGIN, what must be there first, pg_restore's script, the comparison with the
manifest, and COMMIT. That last word is sent only when pg_restore has ended well: killed
at any moment, psql or we leave the database as it was.
"""

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BufferedReader

from sqlalchemy import text

from rollout.backup import contents, load_script, process, server, stand_in
from rollout.backup.archive import Archive
from rollout.backup.clients import choose
from rollout.backup.default_grants import without_default_grants
from rollout.backup.load_failures import failed
from rollout.backup.manifest import Manifest
from rollout.backup.process import Running
from rollout.commands.target import Target

CHUNK = 1 << 16
COMMITTED = "rollout: committed"
SCHEMAS = text("SELECT nspname FROM pg_catalog.pg_namespace")


@dataclass(frozen=True)
class Plan:
    """How a backup fits a database.

    ``kept`` are outside schemas that the database has of its own: theirs stay, and what
    was saved of them is left out. ``first`` is SQL to run before the restore, ``last``
    after it, both in its transaction.
    """

    kept: list[str]
    there: list[str]
    first: str
    last: str


def plan(target: Target, manifest: Manifest, *, emptied: Sequence[str] = ()) -> Plan:
    """Look at the database and decide.

    Args:
        emptied: Schemas that are emptied first, whoever they are from.
    """
    with target.connect() as connection:
        there = list(connection.scalars(SCHEMAS))
        kept = [s for s in manifest.adopted if s in there and s not in emptied]
        restored = set(manifest.adopted) - set(kept)
        first = stand_in.extensions(connection, manifest, there)
        first += stand_in.statements(connection, manifest, there, restored)
        before, after = without_default_grants(connection, manifest.schemas)
    tables = [t for t in manifest.tables if t.schema not in kept]
    return Plan(kept, there, first + before, contents.comparison(tables) + after)


def load(target: Target, archive: Archive, how: Plan, *, before: str = "") -> None:
    """Restore; return when it is committed.

    Args:
        before: SQL to run first in the same transaction.

    Raises:
        LoadFailed: Nothing was changed.
        NoClient: There is no program that can read the backup.
    """
    facts = server.look(target)
    client = choose(archive.manifest.client, ssl=facts.ssl)
    psql = [
        client.program("psql"), "--no-psqlrc", "--quiet", "--no-password",
        "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=verbose",
        f"--dbname={process.address(target.url)}",
    ]  # fmt: skip
    with (
        tempfile.TemporaryFile() as printed,
        process.running(
            psql, target.url, stdin=subprocess.PIPE, stdout=printed
        ) as into,
        load_script.written(client, archive, how.there, how.kept) as source,
    ):
        try:
            _pump(target, into, source, how, before, facts.major)
        except BrokenPipeError:
            into.ended()
        if source.process.poll() and into.process.poll() is None:
            raise failed(target, archive, source)  # psql is killed, without COMMIT
        status = into.ended()
        printed.seek(0)
        if status or COMMITTED.encode() not in printed.read():
            raise failed(target, archive, into)


def _pump(
    target: Target,
    into: Running,
    source: Running,
    how: Plan,
    before: str,
    server_major: int,
) -> None:
    """Send psql its script; COMMIT only after pg_restore has ended well."""
    sink, script = into.process.stdin, source.process.stdout
    assert sink is not None
    assert isinstance(script, BufferedReader)
    wait_ms = target.settings.lock_wait_s * 1000 or 1
    lock_wait = f"SET lock_timeout = '{wait_ms:.0f}ms';\n"
    opening = f"BEGIN;\n{lock_wait}{load_script.guard(target)}{before}{how.first}"
    sink.write(opening.encode())
    sink.write(load_script.adapted(load_script.head(script), lock_wait, server_major))
    sink.flush()
    while chunk := script.read1(CHUNK):
        sink.write(chunk)
        sink.flush()
    if source.ended() == 0:
        sink.write(f"{how.last}COMMIT;\nSELECT '{COMMITTED}';\n".encode())
        sink.close()
