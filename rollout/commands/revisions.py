"""The revisions of a checkout, with what their files say about them."""

import re
from dataclasses import dataclass
from pathlib import Path

from alembic.script import Script, ScriptDirectory

from rollout.bookkeeping.revision_file import RevisionFile


@dataclass(frozen=True)
class Revision:
    """One revision: its variables, and its docstring's Locks and Rollback lines.

    ``version_note`` says why its version is not what its SQL asks for.
    """

    revision: str
    down_revision: str | None
    version: str
    description: str
    kind: str
    phase: int
    operation: str
    locks: str
    rollback: str
    path: Path
    version_note: str = ""

    @classmethod
    def of(cls, script: Script) -> "Revision":
        """Read it from Alembic's script object.

        Raises:
            RolloutError: The file has no ``schema_version``.
        """
        file, module = RevisionFile.of(script), script.module
        text = module.__doc__ or ""
        kind = str(getattr(module, "kind", "schema"))
        down = script.down_revision
        return cls(
            revision=file.revision,
            down_revision=down if down is None or isinstance(down, str) else down[0],
            version=file.version,
            description=file.description,
            kind=kind,
            phase=int(getattr(module, "phase", 1)),
            operation=getattr(
                module, "operation", "INSERT" if kind == "data" else "CREATE"
            ),
            locks=said(text, "Locks"),
            rollback=said(text, "Rollback"),
            path=file.path,
            version_note=str(getattr(module, "version_note", "")).strip(),
        )

    @property
    def automatic(self) -> bool:
        """Whether the file says that it can be undone without a person."""
        return self.rollback.lower().startswith("automatic")


def in_order(script: ScriptDirectory) -> list[Revision]:
    """All revisions, the first one first."""
    return [Revision.of(s) for s in reversed(list(script.walk_revisions()))]


def said(docstring: str, word: str) -> str:
    """A docstring's paragraph after ``word:``, as one line; "" if it is not there."""
    pattern = rf"^{word}:[ \t]*(.*(?:\n[ \t]+\S.*)*)"
    found = re.search(pattern, docstring, re.MULTILINE)
    return " ".join(found[1].split()) if found else ""
