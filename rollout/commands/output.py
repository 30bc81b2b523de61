"""What a command prints: results on stdout, all else on stderr."""

import dataclasses
import datetime as dt
import json as json_
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import PurePath
from typing import Any

from rollout import hints
from rollout.errors import RolloutError
from rollout.terminal import notice

STYLES = {
    "PASS": "green", "applied": "green", "done": "green",
    "WARN": "yellow", "pending": "yellow", "rolled_back": "yellow",
    "FAIL": "bold red", "failed": "bold red",
}  # fmt: skip
"""Words that are coloured on a terminal when they are a whole cell."""


class Output:
    """Lines, tables, and with ``--json`` one document instead.

    Commands that a message proposes are written out for ``section``.
    """

    def __init__(self, *, json: bool = False, section: str = hints.FIRST) -> None:
        self.json, self._section = json, section
        self._documents = 0

    def line(self, text: str = "") -> None:
        """Print one line of a result; nothing with ``--json``."""
        if not self.json:
            print(hints.of_section(text, self._section), flush=True)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Print an aligned table; nothing with ``--json``.

        On a terminal through rich. Elsewhere plain text, never coloured, never wrapped:
        a line is a row for grep. Numbers are right-aligned, None is "-".
        """
        if self.json:
            return
        given = [list(row) for row in rows]
        if sys.stdout.isatty():
            _rich_table(columns, given)
            return
        # At once: it has its place among what goes to stderr.
        print("\n".join(plain_table(columns, given)), flush=True)

    def document(self, value: Any) -> None:
        """Print ``value`` as the command's one JSON document; only with ``--json``."""
        if self.json:
            assert self._documents == 0, "one JSON document a command"
            self._documents += 1
            text = json_.dumps(value, indent=2, default=_plain, ensure_ascii=False)
            print(text, flush=True)

    def notice(self, text: str) -> None:
        """Say something on stderr while the work goes on."""
        notice(hints.of_section(text, self._section))

    def failed(self, message: str) -> None:
        """Print why the command failed on stderr; with ``--json`` on stdout too."""
        message = hints.of_section(message, self._section)
        notice(message)
        if self.json and not self._documents:
            self.document({"error": message.strip()})

    def confirm(self, question: str, *, yes: bool = False) -> bool:
        """Ask on stderr; ``yes`` answers beforehand. Anything but "yes" is a no.

        Raises:
            RolloutError: Nobody is there to answer.
        """
        if yes:
            return True
        if not sys.stdin.isatty():
            raise RolloutError(
                f"{question}\n"
                "Nothing was changed: nobody is there to answer.\n"
                "Standard input is no terminal. To answer beforehand, add --yes."
            )
        print(f"{question} Type yes to go on: ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() == "yes"


def plain_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Aligned text, a row a line, no blanks at the end of a line."""
    numeric = [_numeric(row[i] for row in rows) for i in range(len(columns))]
    cells = [list(columns), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    return [
        "  ".join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in cells
    ]


def _rich_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for i, name in enumerate(columns):
        right = _numeric(row[i] for row in rows)
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows:
        cells = [_cell(value) for value in row]
        table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in cells))
    Console().print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return " ".join(str(value).split())


def _numeric(values: Iterable[Any]) -> bool:
    """Whether a column holds numbers, apart from what is missing."""
    given = [value for value in values if value is not None]
    return bool(given) and all(
        isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        for value in given
    )


def _plain(value: Any) -> Any:
    """What json cannot write by itself, as something it can."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, Decimal | PurePath):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
