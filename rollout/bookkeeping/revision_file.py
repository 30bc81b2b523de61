"""A revision as a file: its version, description, and checksum."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from alembic.script import Script

from rollout.errors import RolloutError


@dataclass(frozen=True)
class RevisionFile:
    """What the journal keeps of a revision."""

    revision: str
    version: str
    description: str
    path: Path

    @classmethod
    def of(cls, script: Script) -> "RevisionFile":
        """Read it from Alembic's script object.

        Raises:
            RolloutError: The file has no ``schema_version``.
        """
        version = getattr(script.module, "schema_version", None)
        if not version:
            raise RolloutError(
                f"revision {script.revision} has no schema_version.\n"
                "Nothing was changed.\n"
                f"Add one to {Path(script.path).name}, for example:\n"
                '    schema_version = "1.10.0"'
            )
        description = (script.doc or script.revision).strip()
        return cls(script.revision, version, description, Path(script.path))

    @property
    def checksum(self) -> str:
        """SHA-256 over the file and its SQL files (``sql/NNN_*``), in order of name."""
        digest = hashlib.sha256()
        number = self.path.name.split("_", 1)[0]
        for path in (self.path, *sorted(self.path.parent.glob(f"sql/{number}_*"))):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()


class RevisionChanged(RolloutError):
    """A revision's file is not the one that was applied."""

    def __init__(self, file: RevisionFile, recorded: str) -> None:
        self.revision, self.recorded = file.revision, recorded
        self.present = file.checksum
        super().__init__(
            f"revision {file.revision} has changed since it was applied "
            f"({file.path.name}).\n"
            f"    applied: {recorded}\n    now:     {self.present}\n"
            "Nothing was changed in this run.\n"
            "A released revision never changes: restore the file (git checkout), and\n"
            "put the correction into a new one. If the difference does not matter:\n"
            f"    -x accept_changed={file.revision}"
        )
