"""Run a PostgreSQL server of our own from a directory of its programs.

The server listens on a socket alone. That lies in the data directory, which nobody but
its owner (and root) may enter, so connections need no password.
"""

import os
import re
import shlex
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from rollout.embedded.postmaster import pid_file, server_pid
from rollout.embedded.programs import run_as
from rollout.embedded.socket_dir import private_dir, socket_dir
from rollout.errors import RolloutError

PORT = 5432  # part of the socket's file name; no TCP port is opened
START_TIMEOUT_S = 300  # crash recovery of a large database takes its time
LAST_LINES = 4


@dataclass(frozen=True)
class Cluster:
    """A data directory, the programs for it, and who runs them.

    ``user`` is the id of the system user that the server runs as: PostgreSQL refuses
    root. ``superuser`` is the name of the role that initdb makes.
    """

    data_dir: Path
    bin_dir: Path
    user: int
    superuser: str = "postgres"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.data_dir / "server.log"

    def create(self, *, sync: bool = True) -> None:
        """Make the data directory by initdb; do nothing if it is there.

        Made beside its place and renamed, so that one cut short leaves nothing half
        done. ``sync=False`` is for a server that is thrown away.

        Raises:
            RolloutError: The place is taken by something else, or initdb failed.
        """
        if (self.data_dir / "PG_VERSION").exists():
            return
        if self.data_dir.exists() and any(self.data_dir.iterdir()):
            raise RolloutError(
                f"{self.data_dir} holds something that PostgreSQL did not make.\n"
                "Nothing was changed.\n"
                "Move it away, then run the same command again."
            )
        unfinished = self.data_dir.with_name(self.data_dir.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(unfinished, self.user, -1)
        self._run("initdb", "-D", str(unfinished), *self._initdb_options(sync))
        unfinished.rename(self.data_dir)

    def _initdb_options(self, sync: bool) -> list[str]:
        options = ["--auth=trust", "-U", self.superuser, "--encoding=UTF8"]
        # Character classes of Unicode, the order of bytes: the same on every machine.
        builtin = [
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]
        options += builtin if self.major >= 17 else ["--no-locale"]
        return options if sync else [*options, "--no-sync"]

    @property
    def major(self) -> int:
        """The programs' major version."""
        said = self._run("postgres", "--version")
        return int(re.search(r"\) (\d+)", said)[1])  # type: ignore[index]

    def start(self, settings: Mapping[str, str] | None = None) -> None:
        """Start the server and wait until it takes connections; once is enough.

        What a crash left behind is recovered from.

        Raises:
            RolloutError: It did not start; the message ends with what it said.
        """
        if server_pid(self.data_dir) is not None:
            self._wait_until_ready()
            return
        self._check_version()
        self._remove_stale_locks()
        if self.log.exists():  # so that a failure is told in the words of this start
            self.log.replace(self.log.with_suffix(".log.1"))
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._socket_dir()),
            "port": str(PORT),
            **(settings or {}),
        }
        arguments = " ".join(shlex.quote(f"--{k}={v}") for k, v in options.items())
        self._run(
            "pg_ctl", "start", "-D", str(self.data_dir), "-l", str(self.log),
            "-o", arguments, "-w", "-t", str(START_TIMEOUT_S), "-s",
        )  # fmt: skip

    def stop(self, mode: str = "fast") -> bool:
        """Stop the server, ending its connections; return whether it was running."""
        if server_pid(self.data_dir) is None:
            return False
        self._run(
            "pg_ctl", "stop", "-D", str(self.data_dir), "-m", mode,
            "-w", "-t", str(START_TIMEOUT_S), "-s",
        )  # fmt: skip
        return True

    def remove(self) -> None:
        """Stop the server and remove everything that belongs to it."""
        self.stop("immediate")
        shutil.rmtree(self.data_dir, ignore_errors=True)
        if self.private_dir.exists() and self.private_dir.stat().st_uid == self.user:
            shutil.rmtree(self.private_dir, ignore_errors=True)

    def running(self) -> sa.URL | None:
        """Return how to connect to the running server; None when there is none."""
        lines = pid_file(self.data_dir)
        if server_pid(self.data_dir) is None or lines[7:] != ["ready"]:
            return None
        return sa.URL.create(
            "postgresql+psycopg2",
            username=self.superuser,
            database="postgres",
            query={"host": lines[4], "port": lines[3]},
        )

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + START_TIMEOUT_S
        while self.running() is None and time.monotonic() < until:
            time.sleep(0.05)

    def _remove_stale_locks(self) -> None:
        """Remove what a crash left, as PostgreSQL does unless the pid was reused.

        Safe: PostgreSQL finds surviving processes by their shared memory as well.
        """
        (self.data_dir / "postmaster.pid").unlink(missing_ok=True)
        socket = self._socket_dir() / f".s.PGSQL.{PORT}"
        for stale in (socket, socket.with_name(socket.name + ".lock")):
            stale.unlink(missing_ok=True)

    def _check_version(self) -> None:
        made_by = int((self.data_dir / "PG_VERSION").read_text())
        if made_by != self.major:
            raise RolloutError(
                f"{self.data_dir} was made by PostgreSQL {made_by}, and the programs"
                f" here are of {self.major}.\n"
                "Nothing was changed.\n"
                "To keep the data, dump it with the old version; to do without it:\n"
                "    make reset"
            )

    @property
    def private_dir(self) -> Path:
        """Where the socket goes if the data directory's path does not suit one."""
        return private_dir(self.data_dir)

    def _socket_dir(self) -> Path:
        return socket_dir(self.data_dir, self.user)

    def _run(self, program: str, *arguments: str) -> str:
        """Run one of the programs as ``user``; return what it printed."""
        done = run_as(self.user, self.bin_dir / program, arguments)
        if done.returncode:
            raise self._failed(program, done.stderr + done.stdout)
        return done.stdout

    def _failed(self, program: str, said: str) -> RolloutError:
        if program == "pg_ctl" and self.log.exists():
            said += self.log.read_text(errors="replace")
            said = "\n".join(re.findall(r"(?:FATAL|PANIC|HINT): .*", said)) or said
        lines = [line for line in said.splitlines() if line.strip()]
        last = "\n".join(f"    {line.strip()}" for line in lines[-LAST_LINES:])
        return RolloutError(
            f"{program} failed for {self.data_dir}. It said:\n{last}\n"
            "The data directory stands as it was."
        )
