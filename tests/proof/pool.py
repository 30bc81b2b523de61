"""Two processes that have imported and run everything once, to fork from."""

import multiprocessing
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from tests.commands import alembic_run

PROCESSES = 2


@contextmanager
def warm_pool(
    make_database: Callable[[], str], section: str = "alembic"
) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of PROCESSES; each is warmed up on a database of its own."""
    spawn = multiprocessing.get_context("spawn")  # no threads and sockets of pytest's
    with ProcessPoolExecutor(PROCESSES, mp_context=spawn) as pool:
        urls = [make_database() for _ in range(PROCESSES)]
        for future in [pool.submit(warm_up, url, section) for url in urls]:
            future.result()
        yield pool


def warm_up(url: str, section: str) -> None:
    """Run every revision once, so that forks need not import and compile anew."""
    warnings.simplefilter("error")
    alembic_run(url, "upgrade", "head", section=section)
    alembic_run(url, "downgrade", "base", section=section)
