"""Which process serves a data directory, by what its postmaster.pid says."""

from pathlib import Path

import psutil


def pid_file(data_dir: Path) -> list[str]:
    """Read postmaster.pid: pid, directory, start, port, socket's directory, …"""
    try:
        text = (data_dir / "postmaster.pid").read_text()
    except FileNotFoundError:
        return []
    return [line.strip() for line in text.splitlines()]


def server_pid(data_dir: Path) -> int | None:
    """Return the server's pid, unless another process has been given it since.

    A server works in its data directory; so do its children. Root without the
    capability to trace, as in a container, is not told, and goes by the name.
    """
    lines = pid_file(data_dir)
    if not lines or not lines[0].isdecimal():
        return None
    process = None
    try:
        process = psutil.Process(int(lines[0]))
        alive = Path(process.cwd()) == data_dir.resolve()
    except psutil.NoSuchProcess:
        alive = False
    except psutil.AccessDenied:
        alive = process is not None and process.name() == "postgres"
    return int(lines[0]) if alive else None
