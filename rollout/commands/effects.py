"""What a revision's SQL does: which change, which locks, what it moves or drops.

By patterns, not by a parser, so that it works wherever the layer does; the tests hold
it against PostgreSQL's own parser on every revision.
"""

import re

from rollout.commands.effect import IDENT, NAME, OURS, Effects
from rollout.commands.effect_statements import READERS
from rollout.commands.script_text import do_body, statements


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


def _columns_parked(found: Effects, body: str) -> None:
    """A backfill into parked.<table>__<revision>, and what tells which rows go."""
    pattern = (
        rf"INSERT INTO (parked\.{IDENT}) .*?FROM ({NAME})\s.*?"
        r"(\([^()]*\) IS DISTINCT FROM \(.*?\))\s*(?:ON CONFLICT|;)"
    )
    for match in re.finditer(pattern, body, re.DOTALL):
        found.parked_columns[match[2]] = (match[1], match[3])
