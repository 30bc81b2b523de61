"""A large CSV file into a table: in batches, safe to repeat, errors name the line."""

import io
import itertools
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from sqlalchemy.exc import DBAPIError

from rollout.backfill.progress import progress
from rollout.commands.target import Target
from rollout.errors import RolloutError
from rollout.seeding.csv_lines import BadLine, Record, header, records
from rollout.seeding.loading import LOCK_WAIT, Table, copy, find_table
from rollout.sqltext import verbatim

BATCH_ROWS = 5_000
FIRST_LINE = 2
"""Of the rows; the first line of the file is the header."""
DATA_ERRORS = ("22", "23")
"""Classes of SQLSTATE that are a line's fault: data exceptions, constraints."""


@dataclass(frozen=True)
class ImportResult:
    """A file that is in: ``skipped`` rows were there already, by their key."""

    file: Path
    table: str
    rows: int
    inserted: int
    skipped: int
    seconds: float


def import_csv(
    target: Target, path: Path, table_name: str, *, batch_rows: int = BATCH_ROWS
) -> ImportResult:
    """Put the rows of a CSV file with a header into a table, where they are missing.

    Each batch is one transaction: all of it is in, or nothing. A run that was stopped
    is resumed by running it again: rows whose primary key is there are passed over.
    Where the key is one UUID and the file has no such column, it is made of the row's
    values; the same line twice is then the same row.

    Locks: ROW EXCLUSIVE on the table for one batch, KEY SHARE on rows referred to.

    Raises:
        RolloutError: The file or the table is not right; BadLine names the line.
    """
    started = time.monotonic()
    with target.connect() as connection:
        table = find_table(connection, table_name)
    with _open(path) as file:
        columns = header(path, file)
        if table.uuid_key and not set(table.key) & set(columns):
            table = replace(table, by_content=True)
        _check(path, table, columns)
        total = sum(
            chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")
        )
        file.seek(0)
        file.readline()
        rows = inserted = 0
        source = records(path, file)
        with progress(f"{path.name} → {table.name}", total) as report:
            while batch := list(itertools.islice(source, batch_rows)):
                inserted += _put(target, path, table, columns, batch)
                rows += len(batch)
                report(len(batch))
    seconds = round(time.monotonic() - started, 3)
    return ImportResult(path, table.name, rows, inserted, rows - inserted, seconds)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise RolloutError(
            f"{path} cannot be read: {error.strerror}.\n"
            "Nothing was changed.\n"
            "The name is wrong, or the file belongs to somebody else.\n"
            "Give a CSV file with a header: rollout seed --import FILE --table TABLE"
        ) from None


def _check(path: Path, table: Table, columns: Sequence[str]) -> None:
    if unknown := [name for name in columns if name not in table.columns]:
        raise BadLine(
            path, 1, f"{table.name} has no column {', '.join(unknown)};"
            f" it has {', '.join(table.columns)}",
        )  # fmt: skip
    lacking = [name for name in table.key if name not in columns]
    if lacking and not table.by_content:
        raise BadLine(
            path, 1, f"the file has no column {', '.join(lacking)}, the key of"
            f" {table.name}; without it a second run would put every row in twice",
        )  # fmt: skip


def _put(
    target: Target,
    path: Path,
    table: Table,
    columns: Sequence[str],
    batch: Sequence[Record],
) -> int:
    """Put one batch in; return how many of its rows were missing."""
    with target.engine().begin() as connection:
        connection.exec_driver_sql(LOCK_WAIT)
        connection.execute(verbatim(table.incoming(columns)))

        def take_in(last: int) -> int:
            """Do the first ``last`` rows, in a savepoint."""
            with connection.begin_nested():
                data = io.BytesIO(b"".join(record.data for record in batch[:last]))
                copy(connection, data, columns, "FORMAT csv, ENCODING 'UTF8'")
                return connection.execute(verbatim(table.insert(columns))).rowcount

        try:
            return take_in(len(batch))
        except DBAPIError as error:
            if not _is_datas(error):
                raise
            row, said = _first_bad(take_in, len(batch), error)
        raise BadLine(path, batch[row - 1].line, said, _done_before(batch[0].line))


def _done_before(line: int) -> str:
    if line <= FIRST_LINE:
        return "Nothing was changed."
    return (
        f"The rows before line {line} are in, and are passed over by the next run;\n"
        "this batch and what follows is not."
    )


def _first_bad(
    take_in: Callable[[int], int], last: int, error: DBAPIError
) -> tuple[int, str]:
    """The first row that is refused, and why, by halving.

    What COPY says of lines would not do: it counts records or lines, by version.
    """
    good, bad, said = 0, last, _said(error)
    while bad - good > 1:
        middle = (good + bad) // 2
        try:
            take_in(middle)
        except DBAPIError as refused:
            bad, said = middle, _said(refused)
        else:
            good = middle
    return bad, said


def _is_datas(error: DBAPIError) -> bool:
    return str(getattr(error.orig, "pgcode", "")).startswith(DATA_ERRORS)


def _said(error: DBAPIError) -> str:
    diag = getattr(error.orig, "diag", None)
    parts = [
        getattr(diag, name, None) for name in ("message_primary", "message_detail")
    ]
    column = re.search(r"column (\S+):", getattr(diag, "context", None) or "")
    where = f" (column {column[1]})" if column else ""
    return "; ".join(part for part in parts if part) + where
