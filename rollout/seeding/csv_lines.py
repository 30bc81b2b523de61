"""The records of a CSV file with their lines, as the bytes that are in the file.

They are sent to the server as they are, which reads CSV better than Python does: an
empty field is NULL, a quoted empty one is a text.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rollout.errors import RolloutError

LONGEST_RECORD = 50_000_000
"""Bytes; more is a quote that was never closed."""
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Record:
    """One row: where it begins in the file, and its bytes."""

    line: int
    data: bytes


class BadLine(RolloutError):
    """A line that cannot be taken; ``line`` counts from 1, the header's."""

    def __init__(self, path: Path, line: int, said: str, state: str = "") -> None:
        self.path, self.line = path, line
        super().__init__(
            f"{path}, line {line}: {said}\n"
            f"{state or 'Nothing was changed.'}\n"
            "The file is not as the table wants it, or not as CSV wants it.\n"
            "Mend the line, then run the same command again."
        )


def header(path: Path, file: BinaryIO) -> list[str]:
    """The names in the first line.

    Raises:
        BadLine: There are none, or one is there twice.
    """
    first = file.readline().removeprefix(BOM)
    try:
        names = next(csv.reader([first.decode("utf-8")]), [])
    except UnicodeDecodeError:
        raise BadLine(path, 1, "the names of the columns are not UTF-8") from None
    names = [name.strip() for name in names]
    if not any(names):
        raise BadLine(
            path, 1, "the first line has the names of the columns, and is empty"
        )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadLine(path, 1, f"columns named twice: {', '.join(twice)}")
    return names


def records(path: Path, file: BinaryIO) -> Iterator[Record]:
    """The records after the header; a quoted field may go over several lines.

    Raises:
        BadLine: A quote is never closed.
    """
    data, begun, end = b"", 2, b"\n"
    for number, line in enumerate(file, start=2):
        if not data:
            begun = number
            if not line.strip():
                continue
        data += line
        end = b"\r\n" if line.endswith(b"\r\n") else end
        if data.count(b'"') % 2 == 0:
            yield Record(begun, data if data.endswith(b"\n") else data + end)
            data = b""
        elif len(data) > LONGEST_RECORD:
            break
    if data:
        raise BadLine(path, begun, "a quote is opened here and never closed")
