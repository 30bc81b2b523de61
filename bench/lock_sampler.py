"""Which locks a migration holds on tables in use, and for how long, from pg_locks."""

import threading
import time
from collections import defaultdict
from typing import Any

import psycopg2

EVERY_S = 0.004
IN_USE = (
    "auth.users", "public.user_onboarding", "public.user_bank_connections",
    "public.user_transfers", "public.user_personalization",
)  # fmt: skip
HARMLESS = ("AccessShareLock", "RowShareLock", "RowExclusiveLock")
"""What ordinary statements take themselves."""

QUERY = """
    SELECT c.oid::regclass::text, l.mode, l.granted, l.pid
    FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation
    JOIN pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.locktype = 'relation' AND a.application_name <> ALL (%s)
        AND l.relation = ANY (%s::regclass[]::oid[]) AND l.mode <> ALL (%s)
        AND a.datname = current_database()
"""


class LockSampler:
    """Samples until closed; ``held_ms[table, mode]``: the longest time in one go."""

    def __init__(self, dsn: str) -> None:
        self._dsn, self._stop = dsn, threading.Event()
        self.held_ms: dict[tuple[str, str], float] = defaultdict(float)
        self.queued_ms: dict[tuple[str, str], float] = defaultdict(float)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "LockSampler":
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        connection = psycopg2.connect(self._dsn, application_name="sampler")
        connection.autocommit = True
        since: dict[Any, float] = {}
        others = ["old application", "blocker", "sampler"]
        with connection.cursor() as cursor:
            while not self._stop.is_set():
                cursor.execute(QUERY, (others, list(IN_USE), list(HARMLESS)))
                now = time.time()
                seen = set(cursor.fetchall())
                for key in seen:
                    table, mode, granted, _ = key
                    lasting = (now - since.setdefault(key, now)) * 1000 + EVERY_S * 1000
                    store = self.held_ms if granted else self.queued_ms
                    store[table, mode] = max(store[table, mode], lasting)
                for gone in set(since) - seen:
                    del since[gone]
                self._stop.wait(EVERY_S)
        connection.close()
