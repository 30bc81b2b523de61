"""Which locks a migration holds on tables in use, and for how long, from pg_locks."""

import multiprocessing as mp
import time
from collections import defaultdict
from collections.abc import Sequence
from multiprocessing.synchronize import Event
from typing import Any

import psycopg2

EVERY_S = 0.005
IN_USE = (
    "auth.users", "public.user_onboarding", "public.user_bank_connections",
    "public.user_transfers", "public.user_personalization",
)  # fmt: skip
HARMLESS = ("AccessShareLock", "RowShareLock", "RowExclusiveLock")
"""What ordinary statements take themselves."""

# Only the layer's own sessions are looked at, so that a look costs next to nothing.
QUERY = """
    SELECT l.relation::regclass::text, l.mode, l.pid
    FROM pg_stat_activity AS a JOIN pg_locks AS l ON l.pid = a.pid
    WHERE a.application_name IN ('rollout', 'specification')
        AND a.datname = current_database() AND l.locktype = 'relation' AND l.granted
        AND l.relation = ANY (%s::regclass[]::oid[]) AND l.mode <> ALL (%s)
"""


class LockSampler:
    """Samples until closed; ``held_ms[table, mode]``: the longest time in one go.

    In a process of its own: it must not slow down what it looks at.
    """

    def __init__(
        self, dsn: str, every_s: float = EVERY_S, tables: Sequence[str] = IN_USE
    ) -> None:
        self._stop = mp.Event()
        self._found: Any = mp.Queue()
        self._process = mp.Process(
            target=_sample,
            args=(dsn, every_s, tables, self._stop, self._found),
            daemon=True,
        )
        self.held_ms: dict[tuple[str, str], float] = {}

    def __enter__(self) -> "LockSampler":
        self._process.start()
        self._found.get(timeout=30)  # connected
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        self.held_ms = self._found.get(timeout=30)
        self._process.join(5)


def _sample(
    dsn: str, every_s: float, tables: Sequence[str], stop: Event, found: Any
) -> None:
    connection = psycopg2.connect(dsn, application_name="sampler")
    connection.autocommit = True
    found.put("ready")
    since: dict[Any, float] = {}
    held_ms: dict[tuple[str, str], float] = defaultdict(float)
    with connection.cursor() as cursor:
        while not stop.wait(every_s):
            cursor.execute(QUERY, (list(tables), list(HARMLESS)))
            now = time.time()
            seen = set(cursor.fetchall())
            for key in seen:
                table, mode, _ = key
                lasting_ms = (now - since.setdefault(key, now) + every_s) * 1000
                held_ms[table, mode] = max(held_ms[table, mode], lasting_ms)
            for gone in set(since) - seen:
                del since[gone]
    connection.close()
    found.put(dict(held_ms))
