"""pg_restore's script: what is left out of it, and its settings for this server."""

import itertools
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from typing import IO

from rollout.backup import process
from rollout.backup.archive import Archive
from rollout.backup.clients import Client
from rollout.backup.process import Running
from rollout.commands.target import Target
from rollout.errors import RolloutError
from rollout.sqltext import literal

HEAD_ENDS = b"SET row_security"
"""The last of the settings that pg_restore's script begins with."""
HEAD_LINES = 100
FIRST_WITH_TRANSACTION_TIMEOUT = 17


def head(script: BufferedReader) -> bytes:
    """The script's first lines, with its settings."""
    head = b""
    for line in itertools.islice(script, HEAD_LINES):
        head += line
        if line.startswith(HEAD_ENDS):
            break
    return head


def guard(target: Target) -> str:
    """SQL that stops in any other database: some poolers lead to one of their own."""
    name = literal(target.url.database)
    return (
        "SET LOCAL statement_timeout = 0; SET LOCAL check_function_bodies = off;\n"
        "SET LOCAL client_min_messages = warning;\n"
        f"DO $guard$ BEGIN IF current_database() <> {name} THEN RAISE EXCEPTION "
        "'this connection leads to %', current_database(); END IF; END $guard$;\n"
    )


def adapted(head: bytes, lock_wait: str, server_major: int) -> bytes:
    """The script's settings, for this server and without endless waiting."""
    head = head.replace(b"SET lock_timeout = 0;\n", lock_wait.encode(), 1)
    if server_major < FIRST_WITH_TRANSACTION_TIMEOUT:
        head = head.replace(b"SET transaction_timeout = 0;\n", b"", 1)
    return head


@contextmanager
def written(
    client: Client, archive: Archive, there: Sequence[str], kept: Sequence[str]
) -> Iterator[Running]:
    """pg_restore, writing its script for what is to be restored."""
    program, path = client.program("pg_restore"), str(archive.path)
    with tempfile.NamedTemporaryFile("w+") as entries:
        with process.running(
            [program, "--list", path], stdout=subprocess.PIPE
        ) as lister:
            assert lister.process.stdout is not None
            _select(lister.process.stdout, entries, there, kept)
            if lister.ended():
                raise RolloutError(
                    f"pg_restore cannot read {path}: {lister.said()}\n"
                    "Nothing was changed.\nTake another backup."
                )
        command = [
            program, "--file=-", "--no-owner", f"--use-list={entries.name}",
            *(f"--exclude-schema={name}" for name in kept), path,
        ]  # fmt: skip
        with process.running(command, stdout=subprocess.PIPE) as restoring:
            yield restoring


def _select(
    listed: IO[bytes], entries: IO[str], there: Sequence[str], kept: Sequence[str]
) -> None:
    """Leave out schemas that are there, and default privileges, which others own."""
    schemas = "|".join(map(re.escape, there))
    outside = "|".join(map(re.escape, kept)) or "$^"
    unwanted = re.compile(
        rf"^\d+; \d+ \d+ (?:SCHEMA - (?:{schemas}) |DEFAULT ACL "
        rf"|(?:ACL|COMMENT) - SCHEMA (?:{outside}) )"
    )
    for line in listed:
        if not unwanted.match(entry := line.decode()):
            entries.write(entry)
    entries.flush()
