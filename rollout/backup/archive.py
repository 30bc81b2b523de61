"""The file: pg_dump's bytes, the manifest, a trailer with lengths and a checksum."""

import contextlib
import fcntl
import hashlib
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rollout.backup.manifest import Manifest
from rollout.errors import RolloutError

TRAILER = struct.Struct(">QQ32s16s")
"""Length of the dump, length of the manifest, SHA-256 of both, our mark."""
MARK = b"\nrollout-backup1"
PG_DUMP = b"PGDMP"
CHUNK = 1 << 20
PRIVATE = 0o600


class BadBackup(RolloutError):
    """The file cannot be used; ``path`` says which."""

    def __init__(self, path: Path, what: str, why: str) -> None:
        self.path = path
        super().__init__(
            f"{path} {what}.\n"
            "Nothing was changed; no database was touched.\n"
            f"{why}\n"
            "Backups are listed by: ls -l backups"
        )


@dataclass(frozen=True)
class Archive:
    """A backup that was found whole: its bytes are those that were written."""

    path: Path
    manifest: Manifest
    bytes: int


class Part:
    """A backup in the making, in ``<path>.part``; :meth:`finish` gives it its name.

    The lock on it tells a running backup from one that was killed: it is shared with
    pg_dump, which outlives a kill -9 of this process for a while.

    Raises:
        RolloutError: The name is taken, or another process is writing it.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.with_name(path.name + ".part")
        if path.exists():
            raise RolloutError(
                f"{path} is there already.\n"
                "Nothing was changed; no backup is ever overwritten.\n"
                "An earlier run wrote it.\n"
                "Choose another name: rollout backup --to FILE"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = self._open()

    def _open(self) -> BinaryIO:
        handle = os.open(self.name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        file = os.fdopen(handle, "w+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise RolloutError(
                f"{self.name} is being written by another process.\n"
                "Nothing was changed.\n"
                "A backup is running, or one was killed and its pg_dump is not done.\n"
                "Wait for it, or choose another name: rollout backup --to FILE"
            ) from None
        os.fchmod(file.fileno(), PRIVATE)
        file.truncate()  # the rest of one that was killed
        return file

    def append(self, manifest: Manifest) -> None:
        """Write manifest and trailer behind the dump."""
        dump_bytes = self.file.seek(0, os.SEEK_END)
        packed = manifest.pack()
        self.file.write(packed)
        self.file.flush()
        digest = _digest(self.file, dump_bytes + len(packed))
        self.file.seek(0, os.SEEK_END)
        self.file.write(TRAILER.pack(dump_bytes, len(packed), digest, MARK))
        self.file.flush()
        os.fsync(self.file.fileno())

    def finish(self, suffix: str = "") -> Path:
        """Give the file its name, for good; return it."""
        final = self.path.with_name(self.path.name + suffix)
        self.name.rename(final)
        directory = os.open(final.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        return final

    def __enter__(self) -> "Part":
        return self

    def __exit__(self, *_: object) -> None:
        self.name.unlink(missing_ok=True)
        self.file.close()


def remove_leftovers(directory: Path, pattern: str) -> list[Path]:
    """Remove what killed backups left in ``directory``; return the names."""
    removed = []
    for path in directory.glob(pattern):
        with contextlib.suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            removed.append(path)
    return removed


def open_archive(path: Path) -> Archive:
    """Read a backup's manifest, after comparing every byte with its checksum.

    Raises:
        BadBackup: Missing, not readable, no backup, cut short or changed.
    """
    try:
        with path.open("rb") as file:
            return _read(path, file)
    except FileNotFoundError:
        raise BadBackup(
            path, "is not there", "The name is wrong, or it moved."
        ) from None
    except PermissionError:
        raise BadBackup(
            path, "may not be read",
            "Backups are for their owner alone (mode 0600): run this as that user.",
        ) from None  # fmt: skip
    except IsADirectoryError:
        raise BadBackup(path, "is a directory", "A backup is one file.") from None
    except OSError as error:
        raise BadBackup(
            path, f"cannot be read: {error.strerror}",
            "The disk or the file system may be damaged. Use another copy.",
        ) from None  # fmt: skip


def _read(path: Path, file: BinaryIO) -> Archive:
    size = os.fstat(file.fileno()).st_size
    if file.read(len(PG_DUMP)) != PG_DUMP:
        raise BadBackup(
            path, "is not a backup", "It does not begin as pg_dump -Fc does."
        )
    file.seek(max(0, size - TRAILER.size))
    end = file.read(TRAILER.size)
    mark = TRAILER.unpack(end)[3] if len(end) == TRAILER.size else b""
    if mark != MARK:
        raise BadBackup(
            path, "has no manifest at its end",
            "Either it was cut short (in copying, for example), or pg_dump alone\n"
            "made it: pg_restore can restore that, but nothing says what is in it.",
        )  # fmt: skip
    dump_bytes, packed_bytes, digest, _ = TRAILER.unpack(end)
    whole = dump_bytes + packed_bytes + TRAILER.size == size
    if not whole or _digest(file, dump_bytes + packed_bytes) != digest:
        raise BadBackup(
            path, "is damaged: it is not what was written",
            "The disk, a copy or somebody changed it. Take another backup or copy.",
        )  # fmt: skip
    file.seek(dump_bytes)
    return Archive(path, Manifest.unpack(file.read(packed_bytes)), size)


def _digest(file: BinaryIO, length: int) -> bytes:
    """SHA-256 of the first ``length`` bytes."""
    file.seek(0)
    digest = hashlib.sha256()
    while length > 0 and (chunk := file.read(min(CHUNK, length))):
        digest.update(chunk)
        length -= len(chunk)
    return digest.digest()
