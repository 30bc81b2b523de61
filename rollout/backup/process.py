"""Running PostgreSQL's programs: no password in sight, failures told to people.

The password goes into the child's environment alone, which only the same user (and
root) can read; arguments are for everybody to see.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO

from sqlalchemy import URL

from rollout import database
from rollout.embedded import url_text

LAST_LINES = 6


def address(url: URL) -> str:
    """The URL as libpq takes it, for an argument: without any secret."""
    public = url._replace(password=None).difference_update_query(["sslpassword"])
    if "connect_timeout" not in public.query:
        timeout = {"connect_timeout": str(database.CONNECT_TIMEOUT_S)}
        public = public.update_query_dict(timeout)
    return url_text(public)


def environment(url: URL) -> dict[str, str]:
    """The child's environment, with the password."""
    kept = {k: v for k, v in os.environ.items() if k != "PGCLIENTENCODING"}
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    return kept | secret | {"LC_ALL": "C", "PGAPPNAME": "rollout backup"}


class Running:
    """A program that has been started."""

    def __init__(self, process: "subprocess.Popen[bytes]", stderr: IO[bytes]) -> None:
        self.process, self._stderr = process, stderr

    def said(self) -> str:
        """The end of what it wrote to stderr, so far."""
        self._stderr.seek(0)
        text = self._stderr.read().decode(errors="replace")
        lines = [line for line in text.splitlines() if line.strip()]
        return "\n".join(lines[-LAST_LINES:])

    def ended(self) -> int:
        """Wait for its end; return the status."""
        return self.process.wait()


@contextmanager
def running(
    command: Sequence[str],
    url: URL | None = None,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
) -> Iterator[Running]:
    """Run ``command`` for the block; what still runs after it is killed."""
    with tempfile.TemporaryFile() as stderr:
        child = environment(url) if url is not None else None
        process = subprocess.Popen(
            command, stdin=stdin, stdout=stdout, stderr=stderr, env=child
        )
        try:
            yield Running(process, stderr)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with_no_complaint(pipe)


def with_no_complaint(pipe: IO[bytes]) -> None:
    """Close a pipe whose reader may be gone."""
    with suppress(BrokenPipeError):
        pipe.close()
