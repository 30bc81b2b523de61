"""A transaction that holds rows for seconds, again and again: a slow job, say."""

import threading
from typing import Any

import psycopg2

HOLD_S = 2.0
GAP_S = 0.2


class Blocker:
    """Holds a row of user_onboarding and one of auth.users, with gaps, until closed."""

    def __init__(self, dsn: str, hold_s: float = HOLD_S, gap_s: float = GAP_S) -> None:
        self._dsn, self._hold_s, self._gap_s = dsn, hold_s, gap_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Blocker":
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        self._thread.join(self._hold_s + 5)

    def _run(self) -> None:
        connection = psycopg2.connect(self._dsn, application_name="blocker")
        with connection.cursor() as cursor:
            while not self._stop.is_set():
                cursor.execute(
                    "UPDATE public.user_onboarding SET status = status WHERE id ="
                    " (SELECT id FROM public.user_onboarding ORDER BY id LIMIT 1)"
                    " RETURNING user_id"
                )
                user = cursor.fetchone()
                cursor.execute(
                    "UPDATE auth.users SET email = email WHERE id = %s", user
                )
                self._stop.wait(self._hold_s)
                connection.commit()
                self._stop.wait(self._gap_s)
        connection.close()
