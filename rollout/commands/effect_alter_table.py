"""What ALTER TABLE does, action by action."""

import re
from collections.abc import Iterator

from rollout.commands.effect import NAME, OURS, Effects


def alter_table(found: Effects, match: re.Match[str]) -> None:
    """Note each action's change and lock, and what it parks."""
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
