"""The old application at work: readers and writers that notice when they must wait.

Each statement runs under a lock_timeout of a second: far longer than the layer makes
anybody wait, far shorter than the blocker holds its rows. So whoever queues behind an
ALTER TABLE that waits for the blocker fails, whatever the machine's speed.
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import psycopg2
import sqlalchemy as sa
from psycopg2.extensions import connection as Connection

from rollout.embedded import url_text

LOCK_TIMEOUT = "1s"
BLOCKED_S = 3.0
FREE_S = 0.25
EVERY_S = 0.02

PREPARE = """
    INSERT INTO auth.users (id, email)
    SELECT md5('user' || n)::uuid, 'user' || n FROM generate_series(0, 4000) AS n;
    INSERT INTO public.user_onboarding (
        id, user_id, alpaca_account_id, alpaca_account_status, created_at, updated_at
    )
    SELECT md5('row' || n)::uuid, md5('user' || n)::uuid, 'old-' || n, 'SUBMITTED',
        '2024-01-01', '2024-01-01'
    FROM generate_series(0, 4000) AS n;
"""
"""Row and user 0 are the blocker's."""

Written = tuple[str, dict[str, object]]
"""A statement and its values."""

BLOCK = """
    SELECT FROM auth.users WHERE id = md5('user0')::uuid FOR UPDATE;
    UPDATE auth.users SET last_sign_in_at = now() WHERE id = md5('user0')::uuid;
    UPDATE public.user_onboarding SET status = 'held' WHERE id = md5('row0')::uuid
"""
READS = (
    "SELECT * FROM public.user_onboarding WHERE id = md5('row' || %(n)s)::uuid",
    "SELECT count(*) FROM public.user_onboarding",
    "SELECT * FROM auth.users WHERE id = md5('user' || %(n)s)::uuid",
)
CHANGES = (
    """UPDATE public.user_onboarding SET alpaca_account_status = 'ACTIVE',
        updated_at = '2024-01-02' WHERE id = md5('row' || %(n)s)::uuid""",
    """UPDATE public.user_onboarding SET alpaca_account_id = 'new-' || %(n)s
        WHERE id = md5('row' || (%(n)s + 2000))::uuid""",
    """UPDATE auth.users SET last_sign_in_at = now()
        WHERE id = md5('user' || %(n)s)::uuid""",
)
ARRIVALS = (
    "INSERT INTO auth.users (id) VALUES (%(id)s)",
    """INSERT INTO public.user_onboarding (
        id, user_id, alpaca_account_id, alpaca_account_status, created_at, updated_at
    ) VALUES (%(id)s, %(id)s, 'arrived-' || %(n)s, 'ACTIVE', '2024-01-03',
        '2024-01-03')""",
)
DEPARTURES = (
    "DELETE FROM public.user_onboarding WHERE id = md5('row' || (4000 - %(n)s))::uuid",
    "DELETE FROM auth.users WHERE id = md5('user' || (4000 - %(n)s))::uuid",
)


@dataclass(frozen=True)
class Load:
    """What an application does: in ``jobs``, statements and the highest number in them.

    ``block`` holds rows, for ``blocked_s`` at a time.
    """

    block: str
    jobs: tuple[tuple[tuple[str, ...], int], ...]
    blocked_s: float = BLOCKED_S


PORTFOLIO = Load(
    BLOCK,
    (
        (READS, 4000),
        (READS[:1], 4000),
        (CHANGES, 1900),
        (ARRIVALS, 10**9),
        (DEPARTURES, 10**9),
    ),
)


class Traffic:
    """What the application has done, and the statements that failed.

    ``written`` has what each job wrote, in its order.
    """

    def __init__(self, url: str, load: Load) -> None:
        self._url, self._load, self._stop = url, load, threading.Event()
        self.done, self.failures = 0, list[str]()
        self.written: dict[tuple[str, ...], list[Written]] = {}

    def connect(self) -> Connection:
        connection = psycopg2.connect(
            url_text(sa.make_url(self._url)),
            options=f"-c lock_timeout={LOCK_TIMEOUT}",
            application_name="old application",
        )
        connection.autocommit = True
        return connection

    def application(self, statements: tuple[str, ...], most: int) -> None:
        """Execute the statements in turn, one every EVERY_S by the clock."""
        connection, started = self.connect(), time.monotonic()
        for n in count(1):
            wait_s = started + n * EVERY_S - time.monotonic()
            if self._stop.wait(max(0.0, wait_s)):
                break
            values = {"n": 1 + n % most, "id": str(uuid.uuid4())}
            for statement in statements:
                if self._execute(connection, statement, values):
                    self.written.setdefault(statements, []).append((statement, values))
        connection.close()

    def _execute(
        self, connection: Connection, statement: str, values: dict[str, object]
    ) -> bool:
        """Do it; return whether it wrote."""
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                wrote = cursor.description is None
            self.done += 1
            return wrote
        except psycopg2.Error as error:
            self.failures.append(f"{error}: {statement}")
            return False

    def blocker(self) -> None:
        """Hold rows for ``blocked_s``; let go for a moment; again."""
        connection = self.connect()
        connection.autocommit = False
        while not self._stop.is_set():
            with connection, connection.cursor() as cursor:
                cursor.execute(self._load.block)
                self._stop.wait(self._load.blocked_s)
            self._stop.wait(FREE_S)
        connection.close()

    def stop(self) -> None:
        self._stop.set()


@contextmanager
def traffic(url: str, load: Load = PORTFOLIO) -> Iterator[Traffic]:
    """Let the application work, and the blocker block, for the block."""
    this = Traffic(url, load)
    jobs: list[tuple[Callable[..., None], tuple[object, ...]]] = [
        (this.blocker, ()),
        *((this.application, job) for job in load.jobs),
    ]
    threads = [threading.Thread(target=job, args=args) for job, args in jobs]
    for thread in threads:
        thread.start()
    try:
        time.sleep(0.2)  # all are at work, and the blocker has its rows
        yield this
    finally:
        this.stop()
        for thread in threads:
            thread.join()
