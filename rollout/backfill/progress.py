"""How far a backfill is: a bar on a terminal, plain lines elsewhere. On stderr."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rollout.terminal import notice

LINE_EVERY_S = 5.0


class Report(Protocol):
    """Told the rows of each batch, from any worker."""

    def __call__(self, rows: int) -> None:
        """Add ``rows`` to what is done."""


@contextmanager
def progress(name: str, total_rows: int, done_rows: int = 0) -> Iterator[Report]:
    """Show rows, rate and remaining time for the block.

    Args:
        total_rows: An estimate from statistics; the bar grows past it if need be.
        done_rows: Rows that an interrupted run has done already.
    """
    if sys.stderr.isatty():
        with _bar(name, total_rows, done_rows) as report:
            yield report
        return
    lines = _Lines(name, total_rows, done_rows)
    yield lines
    lines.finish()


@contextmanager
def _bar(name: str, total_rows: int, done_rows: int) -> Iterator[Report]:
    # Imported late: most commands never show a bar.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]} rows/s"), Remaining(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(
            name, total=max(total_rows, 1), completed=done_rows, rate="…"
        )

        def report(rows: int) -> None:
            state = bar.tasks[task]
            total = max(state.total or 0, state.completed + rows)
            bar.update(task, advance=rows, total=total, rate=f"{state.speed or 0:,.0f}")

        yield report


class _Lines:
    """A line every LINE_EVERY_S, and one at the end."""

    def __init__(self, name: str, total_rows: int, done_rows: int) -> None:
        self._name, self._total, self._done = name, total_rows, done_rows
        self._mine, self._started = 0, time.monotonic()
        self._told, self._lock = self._started, threading.Lock()

    def __call__(self, rows: int) -> None:
        with self._lock:
            self._done, self._mine = self._done + rows, self._mine + rows
            now = time.monotonic()
            if now - self._told >= LINE_EVERY_S:
                self._told = now
                left = max(0, self._total - self._done) / max(1.0, self._rate(now))
                notice(
                    f"  {self._name}: {self._done:,} of about {self._total:,} rows, "
                    f"{self._rate(now):,.0f} rows/s, {left:.0f} s left"
                )

    def _rate(self, now: float) -> float:
        return self._mine / max(0.001, now - self._started)

    def finish(self) -> None:
        now = time.monotonic()
        notice(f"  {self._name}: {self._done:,} rows in {now - self._started:.1f} s")
