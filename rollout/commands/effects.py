"""What a revision's SQL does: which change, which locks, what it moves or drops.

By patterns, not by a parser, so that it works wherever the layer does; the tests hold
it against PostgreSQL's own parser on every revision.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rollout.commands.script_text import do_body, statements

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


def of(sql: str) -> Effects:
    """Read what ``sql``, one revision's text, does when it is run in order."""
    found = Effects()
    for statement in statements(sql):
        body = do_body(statement)
        if body is None:
            _read(found, statement)
        elif not re.search(r"INSERT INTO \S+ \(\s*migration_file", body):
            _read_block(found, body)
    return found


def _read_block(found: Effects, body: str) -> None:
    """A DO block: every statement in it that changes something may run."""
    if back := re.findall(rf"to_regclass\('(parked\.{IDENT})'\)", body):
        found.restored += [table for table in back if table not in found.restored]
        return
    for table in re.findall(rf"first_key ({NAME})\.{IDENT}%TYPE", body):
        if table not in found.sources and not table.startswith(OURS):
            found.sources.append(table)
            found.changes.add("Data Migration")
    _columns_parked(found, body)
    start = r"(?:^|;|\bTHEN\b|\bLOOP\b|\bBEGIN\b|\bELSE\b)\s*"
    words = "ALTER|CREATE|DROP|LOCK|TRUNCATE|INSERT|UPDATE|DELETE"
    for match in re.finditer(rf"{start}(?=(?:{words})\b)([^;]*)", body, re.I):
        _read(found, match.group(1).strip())


def _read(found: Effects, statement: str) -> None:
    """One statement, by the first pattern that it begins with."""
    for pattern, reader in READERS:
        if match := re.match(pattern, statement, re.IGNORECASE | re.DOTALL):
            reader(found, match)
            return


def _create_table(found: Effects, match: re.Match[str]) -> None:
    table = match["name"]
    if not table.startswith(OURS):
        found.created.add(table)
        found.changes.add("Add Table")
    for referenced in re.findall(rf"\bREFERENCES\s+({NAME})", match["rest"], re.I):
        found.lock(referenced, "SHARE ROW EXCLUSIVE")


def _alter_table(found: Effects, match: re.Match[str]) -> None:
    table = match["name"]
    for action in _actions(match["rest"]):
        change, mode = _action(action)
        if change == "Add Column" and _required(action):
            change = "Add Required Column"
        if change and not table.startswith(OURS) and table not in found.created:
            found.changes.add(change)
        found.lock(table, mode)
        for referenced in re.findall(rf"\bREFERENCES\s+({NAME})", action, re.I):
            found.lock(referenced, "SHARE ROW EXCLUSIVE")
        if re.match(r"SET\s+SCHEMA\s+parked\b", action, re.IGNORECASE):
            found.parked.append(table)


ACTIONS = (
    (r"VALIDATE\s+CONSTRAINT", None, "SHARE UPDATE EXCLUSIVE"),
    (r"ADD\s+CONSTRAINT.*FOREIGN\s+KEY", "Add Constraint", "SHARE ROW EXCLUSIVE"),
    (r"ADD\s+(CONSTRAINT|CHECK|UNIQUE|PRIMARY|FOREIGN|EXCLUDE)", "Add Constraint",
     "ACCESS EXCLUSIVE"),
    (r"ADD\b", "Add Column", "ACCESS EXCLUSIVE"),
    (r"DROP\s+CONSTRAINT", "Modify Column", "ACCESS EXCLUSIVE"),
    (r"DROP\b", "Drop Column", "ACCESS EXCLUSIVE"),
    (r"RENAME\b", "Modify Column", "ACCESS EXCLUSIVE"),
    (r"ALTER\s+.*\bSET\s+STATISTICS", None, "SHARE UPDATE EXCLUSIVE"),
    (r"ALTER\b.*\b(TYPE|NOT\s+NULL)", "Modify Column", "ACCESS EXCLUSIVE"),
    (r"ALTER\b", "Modify Column", "ACCESS EXCLUSIVE"),
    (r"SET\s*\(", None, "SHARE UPDATE EXCLUSIVE"),
)  # fmt: skip
"""What ALTER TABLE's actions begin with → the change, and the lock.

Source: PostgreSQL manual, ALTER TABLE.
"""


def _action(action: str) -> tuple[str | None, str]:
    """The change and the lock of one action of ALTER TABLE."""
    for pattern, change, mode in ACTIONS:
        if re.match(pattern, action, re.IGNORECASE):
            return change, mode
    return None, "ACCESS EXCLUSIVE"


def _actions(text: str) -> Iterator[str]:
    """The actions of ALTER TABLE, cut at commas outside parentheses and strings."""
    depth, current = 0, ""
    for part in re.findall(r"'(?:[^']|'')*'|\"[^\"]*\"|.", text, re.DOTALL):
        depth += (part == "(") - (part == ")")
        if part == "," and depth == 0:
            yield current.strip()
            current = ""
        else:
            current += part
    yield current.strip()


def _required(action: str) -> bool:
    """A new column that is NOT NULL without a default: rows that are there fail."""
    text = action.upper()
    return "NOT NULL" in text and "DEFAULT" not in text and "GENERATED" not in text


def _create_index(found: Effects, match: re.Match[str]) -> None:
    table = match["name"]
    mode = "SHARE UPDATE EXCLUSIVE" if match["concurrently"] else "SHARE"
    found.lock(table, mode)
    _made_again(found, f"index {table.rpartition('.')[0]}.{match['index']}")
    if table not in found.created and not table.startswith(OURS):
        found.changes.add("Add Index")
        found.indexed.append(table)


def _trigger(mode: str, change: str) -> Reader:
    def read(found: Effects, match: re.Match[str]) -> None:
        found.lock(match["name"], mode)
        if match["name"] not in found.created and not match["name"].startswith(OURS):
            found.changes.add(change)

    return read


def _lock_table(found: Effects, match: re.Match[str]) -> None:
    for table in re.findall(NAME, match["names"]):
        found.lock(table, " ".join(match["mode"].upper().split()))


def _change(change: str) -> Reader:
    def read(found: Effects, match: re.Match[str]) -> None:
        _made_again(found, f"{change.removeprefix('Add ').lower()} {match['name']}")
        if not match["name"].startswith(OURS):
            found.changes.add(change)

    return read


def _drop(found: Effects, match: re.Match[str]) -> None:
    """DROP of a table, view, function or index."""
    kind, name = match["kind"].upper(), match["name"]
    if name.startswith(OURS) or name in found.created:
        return
    found.dropped.append(f"{kind.lower()} {name}")
    found.changes.add(f"Drop {kind.title()}")
    if kind in ("TABLE", "VIEW"):
        found.lock(name, "ACCESS EXCLUSIVE")


def _rows(found: Effects, match: re.Match[str]) -> None:
    """INSERT, UPDATE or DELETE; row locks only."""
    if not match["name"].startswith(OURS) and match["name"] not in found.created:
        found.changes.add("Data Migration")


def _made_again(found: Effects, what: str) -> None:
    """What was dropped before it is made: repeatable, and no drop."""
    if what in found.dropped:
        found.dropped.remove(what)
        kind = what.partition(" ")[0]
        if not any(other.startswith(f"{kind} ") for other in found.dropped):
            found.changes.discard(f"Drop {kind.title()}")


def _swap_column(found: Effects, match: re.Match[str]) -> None:
    """The end of change_column_type."""
    found.changes.add("Modify Column")
    found.lock(match["name"], "ACCESS EXCLUSIVE")


def _swap_table(found: Effects, match: re.Match[str]) -> None:
    """The end of restructure_table: the table made beside it is no new one."""
    found.created.discard(match["next"])
    if not found.created:
        found.changes.discard("Add Table")
    found.changes.add("Restructure Table")
    found.lock(match["name"], "ACCESS EXCLUSIVE")


def _park_function(found: Effects, match: re.Match[str]) -> None:
    found.parked_functions.append(match["name"])


def _columns_parked(found: Effects, body: str) -> None:
    """A backfill into parked.<table>__<revision>, and what tells which rows go."""
    pattern = (
        rf"INSERT INTO (parked\.{IDENT}) .*?FROM ({NAME})\s.*?"
        r"(\([^()]*\) IS DISTINCT FROM \(.*?\))\s*(?:ON CONFLICT|;)"
    )
    for match in re.finditer(pattern, body, re.DOTALL):
        found.parked_columns[match[2]] = (match[1], match[3])


MAYBE = r"(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
READERS: tuple[tuple[str, Reader], ...] = (
    (rf"CREATE\s+(?:UNLOGGED\s+)?TABLE\s+{MAYBE}(?P<name>{NAME})(?P<rest>.*)",
     _create_table),
    (rf"ALTER\s+TABLE\s+{MAYBE}(?:ONLY\s+)?(?P<name>{NAME})\s+(?P<rest>.*)",
     _alter_table),
    (rf"CREATE\s+(?:UNIQUE\s+)?INDEX\s+(?P<concurrently>CONCURRENTLY\s+)?{MAYBE}"
     rf"(?P<index>{IDENT})\s+ON\s+(?:ONLY\s+)?(?P<name>{NAME})", _create_index),
    (rf"CREATE\s+(?:OR\s+REPLACE\s+)?(?:CONSTRAINT\s+)?TRIGGER\s.*?\sON\s+"
     rf"(?P<name>{NAME})", _trigger("SHARE ROW EXCLUSIVE", "Add Trigger")),
    (rf"DROP\s+TRIGGER\s+{MAYBE}{IDENT}\s+ON\s+(?P<name>{NAME})",
     _trigger("ACCESS EXCLUSIVE", "Drop Trigger")),
    (rf"(?:CREATE|ALTER|DROP)\s+POLICY\s+{MAYBE}{IDENT}\s+ON\s+(?P<name>{NAME})",
     _trigger("ACCESS EXCLUSIVE", "Change Policy")),
    (rf"LOCK\s+TABLE\s+(?P<names>{NAME}(?:\s*,\s*{NAME})*)\s+IN\s+(?P<mode>[A-Z ]+?)"
     r"\s+MODE", _lock_table),
    (rf"CREATE\s+(?:OR\s+REPLACE\s+)?(?:MATERIALIZED\s+)?VIEW\s+{MAYBE}"
     rf"(?P<name>{NAME})", _change("Add View")),
    (rf"CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE)\s+(?P<name>{NAME})",
     _change("Add Function")),
    (rf"ALTER\s+FUNCTION\s+(?P<name>{NAME}\([^)]*\))\s+SET\s+SCHEMA\s+parked",
     _park_function),
    (rf"DROP\s+(?P<kind>TABLE|VIEW|FUNCTION|INDEX)\s+(?:CONCURRENTLY\s+)?{MAYBE}"
     rf"(?P<name>{NAME})", _drop),
    (rf"SELECT\s+migrations\.swap_column\('(?P<name>{NAME})'", _swap_column),
    (rf"SELECT\s+migrations\.swap_table\('(?P<name>{NAME})',\s*'(?P<next>{NAME})'",
     _swap_table),
    (rf"TRUNCATE\s+(?:TABLE\s+)?(?P<name>{NAME})",
     _trigger("ACCESS EXCLUSIVE", "Data Migration")),
    (rf"(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?(?P<name>{NAME})", _rows),
)  # fmt: skip
"""How a statement begins → who reads it. The first that matches is taken."""
