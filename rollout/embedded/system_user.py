"""Who runs the server: PostgreSQL refuses root, and its user must reach the files."""

import pwd
import shutil
import stat
import subprocess
import time
from pathlib import Path

from rollout.errors import RolloutError
from rollout.terminal import notice

SYSTEM_USER = "embedded_postgres"
"""Who runs the server when we are root."""


def user_name(uid: int) -> str:
    """The user as people know it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def system_user() -> int:
    """Return the id of SYSTEM_USER, made where it is missing. We are root."""
    command = ["useradd", "--system", "--no-create-home", "--shell", "/bin/false"]
    if shutil.which("useradd") is None:  # busybox
        command = ["adduser", "-S", "-D", "-H", "-s", "/bin/false"]
    said = ""
    for _ in range(20):
        try:
            return pwd.getpwnam(SYSTEM_USER).pw_uid
        except KeyError:
            pass
        try:
            done = subprocess.run(
                [*command, SYSTEM_USER], capture_output=True, text=True, check=False
            )
            said = done.stderr.strip()
        except OSError as error:
            said = str(error)
        if not said:
            notice(f"made the system user {SYSTEM_USER}: PostgreSQL refuses to be root")
        time.sleep(0.1)  # another process may be making it
    raise RolloutError(
        f"cannot make the system user {SYSTEM_USER}: {said}\n"
        "Nothing else was changed.\n"
        "PostgreSQL refuses to run as root. Run this as another user."
    )


def let_in(user: int, data_dir: Path, bin_dir: Path) -> None:
    """Let ``user`` pass where a directory above is closed to others. We are root."""
    opened = []
    for directory in sorted({*data_dir.parents, *bin_dir.parents}):
        found = directory.stat()
        if found.st_uid != user and not found.st_mode & stat.S_IXOTH:
            directory.chmod(found.st_mode | stat.S_IXOTH)
            opened.append(directory)
    package = bin_dir.parents[1]
    for tree in package.parent.glob(f"{package.name}*"):  # .libs lies beside it
        if _make_readable(tree):
            opened.append(tree)
    if opened:
        notice(
            f"opened to the server's user {user_name(user)}, and so to others"
            f" (chmod o+x): {', '.join(map(str, opened))}"
        )


def _make_readable(tree: Path) -> bool:
    """Open what pip installed under a strict umask; return whether it was closed."""
    changed = False
    for path in (tree, *tree.rglob("*")):
        mode = path.lstat().st_mode
        wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if wanted != mode and not stat.S_ISLNK(mode):
            path.chmod(wanted)
            changed = True
    return changed
