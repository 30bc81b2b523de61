"""Runs a backfill: ranges, workers, progress."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from sqlalchemy import Engine, text

from rollout.backfill.keys import ensure_ranges, key_type
from rollout.backfill.plan import Backfill
from rollout.backfill.progress import progress
from rollout.backfill.worker import Worker
from rollout.settings import Settings

STATE = text("""
    SELECT range_no, done, rows_done, row_count FROM migrations.backfill_progress
    WHERE revision = :revision AND name = :name AND range_no > 0 ORDER BY range_no
""")
# What stays says that the list was complete, and so that nothing is left to do.
SETTLE = text("""
    DELETE FROM migrations.backfill_progress
    WHERE revision = :revision AND name = :name AND range_no > 0
""")
VERIFY_EVERY_S = 1.0


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
    ensure_ranges(engine, backfill, verify)
    with engine.connect() as connection:
        state = connection.execute(STATE, key).all()
        type_ = key_type(connection, backfill)
    todo = [row.range_no for row in state if not row.done]
    total, done = sum(row.row_count for row in state), sum(r.rows_done for r in state)
    stop = threading.Event()
    with progress(backfill.name, total, done) as report:
        ranges = iter(todo)
        lock = threading.Lock()

        def work() -> None:
            worker = Worker(engine, backfill, type_, settings, report, stop.is_set)
            while not stop.is_set() and (number := _next(ranges, lock)) is not None:
                worker.do_range(number)

        _run_all(work, min(workers, len(todo)), stop, verify)
    # Here, and waiting for the disk as the batches did not, since whatever is left to
    # the revision's last transaction is done while that holds its locks.
    with engine.begin() as connection:
        connection.execute(SETTLE, key)


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
