"""The old application as an open loop: statements come at their time, ready or not.

A closed loop would slow down with the database and so hide the waits that it is to show
("coordinated omission"). Latencies count from the time at which a statement was due.
"""

import multiprocessing as mp
import queue
import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from multiprocessing.synchronize import Event
from typing import Any

import psycopg2

STATEMENTS_A_SECOND = 200
CONNECTIONS = 24

STATEMENTS = {
    "read onboarding": (
        "SELECT id, status, alpaca_account_status FROM public.user_onboarding"
        " WHERE id = %(row)s"
    ),
    "update status": (
        "UPDATE public.user_onboarding SET alpaca_account_status = 'ACTIVE',"
        " updated_at = now() WHERE id = %(row)s"
    ),
    "open account": (
        "INSERT INTO public.user_onboarding (id, user_id, status, alpaca_account_id,"
        " alpaca_account_status, created_at, updated_at)"
        " VALUES (%(new)s, %(user)s, 'completed', %(new)s, 'SUBMITTED', now(), now())"
    ),
    "sign up": "INSERT INTO auth.users (id, email) VALUES (%(new)s, 'new@example.com')",
    "sign in": "UPDATE auth.users SET updated_at = now() WHERE id = %(user)s",
    "read user": "SELECT email FROM auth.users WHERE id = %(user)s",
    "read banks": "SELECT * FROM public.user_bank_connections WHERE id = %(row)s",
    "transfer": (
        "INSERT INTO public.user_transfers (id, user_id, amount, status, created_at)"
        " VALUES (%(new)s, %(user)s, 25.00, 'queued', now())"
    ),
}
WEIGHTS = (30, 15, 5, 5, 10, 20, 10, 5)


@dataclass
class Result:
    """What became of the statements: (due at, waited in ms, name, error or None)."""

    samples: list[tuple[float, float, str, str | None]] = field(default_factory=list)

    def between(self, start: float, end: float) -> list[list[Any]]:
        """Samples that were due between two times (time.time())."""
        return [
            (ms, name, error)
            for due, ms, name, error in self.samples
            if start <= due < end
        ]


class Load:
    """The load in a process of its own, so that it shares no interpreter with us."""

    def __init__(self, dsn: str, rate: int = STATEMENTS_A_SECOND) -> None:
        self._stop = mp.Event()
        self._results: Any = mp.Queue()
        self._process = mp.Process(
            target=_main, args=(dsn, rate, self._stop, self._results), daemon=True
        )

    def __enter__(self) -> "Load":
        self._process.start()
        self._results.get()  # connected
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.is_alive():
            self._stop.set()
            self._process.join(10)

    def finish(self) -> Result:
        """Stop, and return every sample."""
        self._stop.set()
        samples = self._results.get(timeout=60)
        self._process.join(10)
        return Result(samples)


def _main(dsn: str, rate: int, stop: Event, results: Any) -> None:
    connection = psycopg2.connect(dsn)
    with connection, connection.cursor() as cursor:
        # The blocker's own rows (the first ones) are left alone: to wait for them is
        # the application's doing, not the migration's.
        cursor.execute(
            "SELECT id, user_id FROM public.user_onboarding ORDER BY id OFFSET 10"
        )
        rows = cursor.fetchall()
    connection.close()
    jobs: queue.Queue[Any] = queue.Queue()
    samples: list[tuple[float, float, str, str | None]] = []
    workers = [
        threading.Thread(target=_work, args=(dsn, jobs, samples), daemon=True)
        for _ in range(CONNECTIONS)
    ]
    for worker in workers:
        worker.start()
    time.sleep(0.5)
    results.put("ready")
    _produce(rows, rate, stop, jobs)
    for _ in workers:
        jobs.put(None)
    for worker in workers:
        worker.join(20)
    results.put(samples)


def _produce(rows: list[Any], rate: int, stop: Event, jobs: "queue.Queue[Any]") -> None:
    chance, due = random.Random(7), time.time()
    names = list(STATEMENTS)
    while not stop.is_set():
        due += 1 / rate
        time.sleep(max(0, due - time.time()))
        row, user = chance.choice(rows)
        name = chance.choices(names, WEIGHTS)[0]
        jobs.put((due, name, {"row": row, "user": user, "new": str(uuid.uuid4())}))


def _work(dsn: str, jobs: "queue.Queue[Any]", samples: list[Any]) -> None:
    connection = psycopg2.connect(dsn, application_name="old application")
    connection.autocommit = True
    with connection.cursor() as cursor:
        while (job := jobs.get()) is not None:
            due, name, parameters = job
            error = None
            try:
                cursor.execute(STATEMENTS[name], parameters)
            except psycopg2.Error as raised:
                error = str(raised).splitlines()[0]
            samples.append((due, (time.time() - due) * 1000, name, error))
    connection.close()
