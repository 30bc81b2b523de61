"""PostgreSQL's programs, run as another user where we are root."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from pathlib import Path


def run_as(
    user: int, program: Path, arguments: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    """Run ``program``; return what it printed, and its status.

    Args:
        user: The id of a system user; if we are not root, it is ours.
    """
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    as_other = os.geteuid() == 0
    return subprocess.run(
        [str(program), *arguments],
        user=user if as_other else None,
        group=_group(user) if as_other else None,
        extra_groups=[] if as_other else None,
        env={**clean, "LC_ALL": "C"},
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _group(user: int) -> int:
    try:
        return pwd.getpwuid(user).pw_gid
    except KeyError:  # an id without a name, as in many containers
        return user
