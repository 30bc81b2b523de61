"""Where the server's socket lies: its path must be short, and closed to others."""

import hashlib
import os
import re
from pathlib import Path

from rollout.errors import RolloutError

LONGEST = 80
"""Bytes; macOS ends the whole path at 103."""


def private_dir(data_dir: Path) -> Path:
    """Where the socket goes if the data directory's path does not suit one."""
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return Path("/tmp") / f"rollout-{digest}"  # noqa: S108 - its owner is checked


def socket_dir(data_dir: Path, user: int) -> Path:
    """The data directory; a private one in /tmp when its path is too long.

    Raises:
        RolloutError: Somebody else has made the private one.
    """
    inside = str(data_dir)
    plain = re.fullmatch(r"[\w./+-]+", inside) is not None
    if plain and len(os.fsencode(inside)) <= LONGEST:
        return data_dir
    short = private_dir(data_dir)
    if not short.exists():
        short.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(short, user, -1)
    found = short.lstat()
    if found.st_uid != user or found.st_mode & 0o077 or short.is_symlink():
        raise RolloutError(
            f"{short} should be a private directory of the server's.\n"
            "Nothing was changed; the server is not started.\n"
            "Somebody else made it. Remove it, then run the same command again."
        )
    return short
