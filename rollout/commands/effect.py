"""What is known of one revision in one direction, and the words to read it by."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

OURS = ("migrations.", "parked.", "pg_catalog.")
"""Schemas that no application uses."""

IDENT = r'(?:"(?:[^"]|"")+"|[A-Za-z_][\w$]*)'
NAME = rf"{IDENT}(?:\.{IDENT})?"

WEAKEST_FIRST = (
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)
"""Modes in which a statement of the application may have to wait."""


@dataclass
class Effects:
    """Everything known about one revision in one direction.

    ``changes`` are names of :data:`rollout.commands.matrix.MATRIX`; ``locks`` has the
    strongest mode a table in use. ``sources`` are the tables that a backfill reads,
    ``restored`` the parked tables that come back if they are there.
    """

    changes: set[str] = field(default_factory=set)
    locks: dict[str, str] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    sources: list[str] = field(default_factory=list)
    parked: list[str] = field(default_factory=list)
    parked_functions: list[str] = field(default_factory=list)
    parked_columns: dict[str, tuple[str, str]] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    indexed: list[str] = field(default_factory=list)
    restored: list[str] = field(default_factory=list)

    def lock(self, table: str, mode: str) -> None:
        """Note a lock, unless nobody else can see the table yet."""
        if table in self.created or table.startswith(OURS):
            return
        held = self.locks.get(table)
        stronger = WEAKEST_FIRST.index
        if held is None or stronger(held) < stronger(mode):
            self.locks[table] = mode


Reader = Callable[[Effects, re.Match[str]], None]
