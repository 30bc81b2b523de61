"""Loading a backup into a database, in one transaction: all of it, or nothing.

psql runs BEGIN, what must be there first, pg_restore's script, the comparison with the
manifest, and COMMIT. That last word is sent only when pg_restore has ended well: killed
at any moment, psql or we leave the database as it was.
"""

import itertools
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO

from sqlalchemy import text

from rollout import database
from rollout.backup import contents, process, server, stand_in
from rollout.backup.archive import Archive
from rollout.backup.clients import Client, choose
from rollout.backup.default_grants import without_default_grants
from rollout.backup.manifest import Manifest
from rollout.backup.process import Running
from rollout.commands.target import Target
from rollout.errors import RolloutError
from rollout.sqltext import literal

HEAD_ENDS = b"SET row_security"
"""The last of the settings that pg_restore's script begins with."""
HEAD_LINES = 100
CHUNK = 1 << 16
COMMITTED = "rollout: committed"
FIRST_WITH_TRANSACTION_TIMEOUT = 17
SCHEMAS = text("SELECT nspname FROM pg_catalog.pg_namespace")


class LoadFailed(RolloutError):
    """Nothing was restored; ``said`` is what psql or pg_restore said."""

    def __init__(self, shown: str, path: Path, said: str, advice: str) -> None:
        self.said = said
        super().__init__(
            f"{path} could not be restored into {shown}. PostgreSQL said:\n"
            f"    {said or 'nothing'}\n"
            "All of it was one transaction, and that was rolled back: the database is\n"
            f"as it was before.\n{advice}"
        )


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
        _pg_restore(client, archive, how) as source,
    ):
        try:
            _pump(target, into, source, how, before, facts.major)
        except BrokenPipeError:
            into.ended()
        if source.process.poll() and into.process.poll() is None:
            raise _failed(target, archive, source)  # psql is killed, without COMMIT
        status = into.ended()
        printed.seek(0)
        if status or COMMITTED.encode() not in printed.read():
            raise _failed(target, archive, into)


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
    opening = f"BEGIN;\n{lock_wait}{_guard(target)}{before}{how.first}"
    sink.write(opening.encode())
    sink.write(_adapted(_head(script), lock_wait, server_major))
    sink.flush()
    while chunk := script.read1(CHUNK):
        sink.write(chunk)
        sink.flush()
    if source.ended() == 0:
        sink.write(f"{how.last}COMMIT;\nSELECT '{COMMITTED}';\n".encode())
        sink.close()


def _head(script: BufferedReader) -> bytes:
    """The script's first lines, with its settings."""
    head = b""
    for line in itertools.islice(script, HEAD_LINES):
        head += line
        if line.startswith(HEAD_ENDS):
            break
    return head


def _guard(target: Target) -> str:
    """SQL that stops in any other database: some poolers lead to one of their own."""
    name = literal(target.url.database)
    return (
        "SET LOCAL statement_timeout = 0; SET LOCAL check_function_bodies = off;\n"
        "SET LOCAL client_min_messages = warning;\n"
        f"DO $guard$ BEGIN IF current_database() <> {name} THEN RAISE EXCEPTION "
        "'this connection leads to %', current_database(); END IF; END $guard$;\n"
    )


def _adapted(head: bytes, lock_wait: str, server_major: int) -> bytes:
    """The script's settings, for this server and without endless waiting."""
    head = head.replace(b"SET lock_timeout = 0;\n", lock_wait.encode(), 1)
    if server_major < FIRST_WITH_TRANSACTION_TIMEOUT:
        head = head.replace(b"SET transaction_timeout = 0;\n", b"", 1)
    return head


@contextmanager
def _pg_restore(client: Client, archive: Archive, how: Plan) -> Iterator[Running]:
    """pg_restore, writing its script for what is to be restored."""
    program, path = client.program("pg_restore"), str(archive.path)
    with tempfile.NamedTemporaryFile("w+") as entries:
        with process.running(
            [program, "--list", path], stdout=subprocess.PIPE
        ) as lister:
            assert lister.process.stdout is not None
            _select(lister.process.stdout, entries, how)
            if lister.ended():
                raise RolloutError(
                    f"pg_restore cannot read {path}: {lister.said()}\n"
                    "Nothing was changed.\nTake another backup."
                )
        command = [
            program, "--file=-", "--no-owner", f"--use-list={entries.name}",
            *(f"--exclude-schema={name}" for name in how.kept), path,
        ]  # fmt: skip
        with process.running(command, stdout=subprocess.PIPE) as restoring:
            yield restoring


def _select(listed: IO[bytes], entries: IO[str], how: Plan) -> None:
    """Leave out schemas that are there, and default privileges, which others own."""
    there = "|".join(re.escape(name) for name in how.there)
    kept = "|".join(re.escape(name) for name in how.kept) or "$^"
    unwanted = re.compile(
        rf"^\d+; \d+ \d+ (?:SCHEMA - (?:{there}) |DEFAULT ACL "
        rf"|(?:ACL|COMMENT) - SCHEMA (?:{kept}) )"
    )
    for line in listed:
        if not unwanted.match(entry := line.decode()):
            entries.write(entry)
    entries.flush()


def _failed(target: Target, archive: Archive, program: Running) -> LoadFailed:
    text_ = database.scrub(program.said(), target.url)
    found = re.search(r"(?:ERROR|FATAL):  (?:(\w{5}): )?(.*)", text_)
    state, said = (found[1] or "", found[2]) if found else ("", text_)
    detail = re.search(r"DETAIL:  (.*)", text_)
    if detail:
        said += f" ({detail[1]})"
    if said.startswith("differs: "):
        said = said.replace("differs: ", "what was restored differs. ")
    advice = ADVICE.get(state) or "Mend that, then run the same command again."
    return LoadFailed(target.shown, archive.path, said, advice)


ADVICE = {
    "P0001": "The backup does not hold what its manifest says. Use another one, and\n"
    "keep this one to find out why.",
    "23503": "Rows refer to others that are not there, for example to users that were\n"
    "deleted since. Bring those back first, then run the same command again.",
    "42501": "The role may not make everything that was saved. Use the owner of the\n"
    "database (on Supabase: postgres), then run the same command again.",
    "42704": "Something outside the backup is missing (a role, a type, an extension).\n"
    "Create it, then run the same command again.",
    "53100": "The server's disk is full. Free space, then run the same command again.",
    "55P03": "Somebody uses the tables. Stop the application, then run the command\n"
    "again; to see who it is: rollout doctor",
    "57P01": "The server ended the connection. When it answers, run the same command\n"
    "again.",
}
"""SQLSTATE → likely cause and what to do."""
