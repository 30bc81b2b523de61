"""PgBouncer in transaction mode in front of a test server."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

CONFIGURATION = """\
[databases]
* = host={host} port={port} user={user}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 20
logfile = {directory}/log
"""
PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


@contextmanager
def pgbouncer(server: sa.URL, directory: Path) -> Iterator[sa.URL]:
    """Yield the URL by way of a pooler; it refuses to be root, as PostgreSQL does."""
    assert PROGRAM is not None
    port = free_port()
    file = directory / "pgbouncer.ini"
    host, server_port = server.query["host"], server.query["port"]
    file.write_text(
        CONFIGURATION.format(
            host=host, port=server_port, user=server.username, listen_port=port,
            directory=directory,
        )
    )  # fmt: skip
    user = Path(str(host)).stat().st_uid if os.geteuid() == 0 else None
    if user is not None:  # the server's: its socket is for nobody else
        for path in (directory, file):
            os.chown(path, user, -1)
    process = subprocess.Popen(
        [PROGRAM, "-q", str(file)], user=user, extra_groups=[] if user else None,
        group=pwd.getpwuid(user).pw_gid if user else None,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(port)
        yield server.set(host="127.0.0.1", port=port, query={})
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("pgbouncer did not start")
