"""What to tell people when a backup could not be made."""

import re
import signal

from sqlalchemy.exc import DBAPIError

from rollout import database
from rollout.backup.process import Running
from rollout.commands.target import Target
from rollout.errors import RolloutError

FULL = "The disk is full. Free space, or write elsewhere: rollout backup --to FILE"
CAUSES = (
    (
        "No space left|File too large|Disk quota",
        FULL,
    ),
    (
        "lock timeout|LOCK TABLE",
        "Somebody keeps a table locked. To see who: rollout doctor\n"
        "To wait for longer: rollout backup -x lock_wait_s=120",
    ),
    (
        "permission denied|row-level security|row security",
        "The role of DATABASE_URL may not read everything. Use the tables' owner (on\n"
        "Supabase: postgres), then run the same command again.",
    ),
    (
        "closed the connection|terminating connection|could not connect|connection to",
        "The server ended the connection, or is gone. When it answers (rollout\n"
        "status), run the same command again.",
    ),
)
"""What pg_dump says, and the likely cause with what to do."""


def failed(target: Target, pg_dump: Running) -> RolloutError:
    """What to tell people when pg_dump failed."""
    said = database.scrub(pg_dump.said(), target.url)
    cause = next(
        (advice for sign, advice in CAUSES if re.search(sign, said)),
        "To see how the database is doing, run: rollout doctor",
    )
    status = pg_dump.process.returncode
    how = f"was ended by signal {-status}" if status < 0 else "failed"
    if status == -signal.SIGXFSZ:
        how, cause = "may not write so large a file (ulimit -f)", FULL
    return RolloutError(
        f"pg_dump {how}. It said:\n{said or 'nothing'}\n"
        "No backup was made, what was written is removed, the database was only read.\n"
        f"{cause}"
    )


def lost(target: Target, error: DBAPIError) -> RolloutError:
    """The connection that counts and hashes was ended, or may not read."""
    said = database.scrub(str(error.orig), target.url)
    return RolloutError(
        f"the backup failed: {said}\n"
        "No backup was made, what was written is removed, the database was only read.\n"
        "The server ended the connection, or refused to read a table.\n"
        "When it answers (rollout status), run the same command again."
    )


def not_written(error: OSError) -> RolloutError:
    """The file could not be written."""
    return RolloutError(
        f"the backup could not be written: {error.strerror or error}"
        f"{f': {error.filename}' if error.filename else ''}\n"
        "No backup was made, what was written is removed, the database was only read.\n"
        "The disk is full, or the directory is not yours to write to.\n"
        "Write elsewhere: rollout backup --to FILE"
    )
