"""``python -m rollout.embedded``: start, stop and look at the server, open psql."""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from rollout.database import resolve_url
from rollout.embedded import (
    DIRECTORY,
    binaries,
    ensure_database,
    reset,
    start,
    status,
    stop,
    url_text,
)
from rollout.errors import RolloutError
from rollout.terminal import notice


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m rollout.embedded",
        description="The embedded PostgreSQL below the current directory.",
    )
    parser.add_argument("command", choices=sorted(COMMANDS))
    parser.add_argument("database", nargs="?", default="portfolio")
    given = parser.parse_args(arguments)
    try:
        return COMMANDS[given.command](Path.cwd() / DIRECTORY, given.database)
    except RolloutError as error:
        print(error, file=sys.stderr)
        return 1


def _start(data_dir: Path, database: str) -> int:
    ensure_database(start(data_dir), database)
    notice(f"the embedded PostgreSQL is running in {data_dir}")
    return 0


def _stop(data_dir: Path, _database: str) -> int:
    was_running = stop(data_dir)
    notice(
        f"stopped; the data stay in {data_dir}" if was_running else "it was not running"
    )
    return 0


def _status(data_dir: Path, _database: str) -> int:
    running = status(data_dir) is not None
    print(f"{'running' if running else 'not running'} in {data_dir}")
    return 0 if running else 1


def _url(data_dir: Path, database: str) -> int:
    print(url_text(ensure_database(start(data_dir), database)))
    return 0


def _psql(data_dir: Path, database: str) -> int:
    """Become psql. The one on PATH is preferred: the embedded one has no SSL."""
    psql = shutil.which("psql") or str(binaries() / "psql")
    if "DATABASE_URL" in os.environ:
        url = resolve_url()
        if url.password:  # by the environment: arguments are for everybody to see
            os.environ["PGPASSWORD"] = str(url.password)
            url = url._replace(password=None)
    else:
        url = ensure_database(start(data_dir), database)
    os.execv(psql, [psql, url_text(url)])  # noqa: S606 - no shell is meant


def _reset(data_dir: Path, _database: str) -> int:
    reset(data_dir)
    notice(f"removed {data_dir} with everything in it")
    return 0


COMMANDS = {
    "start": _start,
    "stop": _stop,
    "status": _status,
    "url": _url,
    "psql": _psql,
    "reset": _reset,
}

if __name__ == "__main__":
    sys.exit(main())
