"""What single statements do: which begins how, and what that changes and locks."""

import re

from rollout.commands.effect import IDENT, NAME, OURS, Effects, Reader
from rollout.commands.effect_alter_table import alter_table


def _create_table(found: Effects, match: re.Match[str]) -> None:
    table = match["name"]
    if not table.startswith(OURS):
        found.created.add(table)
        found.changes.add("Add Table")
    for referenced in re.findall(rf"\bREFERENCES\s+({NAME})", match["rest"], re.I):
        found.lock(referenced, "SHARE ROW EXCLUSIVE")


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


MAYBE = r"(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
READERS: tuple[tuple[str, Reader], ...] = (
    (rf"CREATE\s+(?:UNLOGGED\s+)?TABLE\s+{MAYBE}(?P<name>{NAME})(?P<rest>.*)",
     _create_table),
    (rf"ALTER\s+TABLE\s+{MAYBE}(?:ONLY\s+)?(?P<name>{NAME})\s+(?P<rest>.*)",
     alter_table),
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
