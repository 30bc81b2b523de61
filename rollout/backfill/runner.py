"""Runs a backfill: ranges, workers, progress."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from sqlalchemy import Engine, text

from rollout.backfill.plan import Backfill, ensure_ranges, estimated_rows
from rollout.backfill.progress import progress
from rollout.backfill.worker import Worker
from rollout.settings import Settings

STATE = text("""
    SELECT range_no, done, rows_done FROM migrations.backfill_progress
    WHERE revision = :revision AND name = :name ORDER BY range_no
""")
VERIFY_EVERY_S = 1.0
FORGET = """
    DELETE FROM migrations.backfill_progress
    WHERE revision = :revision AND name = :name
"""


def run_backfill(
    engine: Engine,
    backfill: Backfill,
    settings: Settings,
    verify: Callable[[], None] = lambda: None,
) -> None:
    """Do all that is left of ``backfill``.

    Threads, not processes: the work is the server's, and psycopg2 lets go of the
    interpreter while it waits.

    Args:
        verify: Called every second; what it raises stops the workers after their batch.

    Raises:
        DBAPIError: A worker failed; the others stop after their batch. What is done
            stays, and the next run goes on from there.
    """
    workers = max(1, int(settings.workers))
    key = {"revision": backfill.revision, "name": backfill.progress_name}
    with engine.connect() as connection:
        ensure_ranges(connection, backfill, workers)
        total = estimated_rows(connection, backfill.source)
        state = connection.execute(STATE, key).all()
    todo = [row.range_no for row in state if not row.done]
    stop = threading.Event()
    with progress(backfill.name, total, sum(row.rows_done for row in state)) as report:
        ranges = iter(todo)
        lock = threading.Lock()

        def work() -> None:
            while not stop.is_set() and (number := _next(ranges, lock)) is not None:
                Worker(engine, backfill, settings, report, stop.is_set).do_range(number)

        _run_all(work, min(workers, len(todo)), stop, verify)


def _next(ranges: Iterator[int], lock: threading.Lock) -> int | None:
    with lock:
        return next(ranges, None)


def _run_all(
    work: Callable[[], None],
    workers: int,
    stop: threading.Event,
    verify: Callable[[], None],
) -> None:
    """Run ``work`` in so many threads; the first failure, or Ctrl-C, stops all."""
    if not workers:
        return
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(work) for _ in range(workers)]
        try:
            while wait(futures, VERIFY_EVERY_S, FIRST_EXCEPTION).not_done:
                if any(done.done() and done.exception() for done in futures):
                    break
                verify()
        finally:
            stop.set()
        for future in futures:
            future.result()
