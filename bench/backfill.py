"""Backfilling the accounts: ours, and three ways of doing it by hand. ``make bench``.

Into the same table with the same indexes, from copies of one database: ``alembic
upgrade 005``, with its two workers and with one; the specification's one INSERT …
SELECT; batches by OFFSET and LIMIT; batches by a predicate that shrinks (the HomeOps
document's loop). Runs take turns; ours and the single statement also on a server with
room for the WAL. Writes docs/performance/backfill.*.
"""

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg2
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import backfill_page, report, spec_sql  # noqa: E402
from bench.backfill_page import (  # noqa: E402
    DEFAULT,
    OFFSET,
    ONE_WORKER,
    OURS,
    ROOMY,
    SHRINKING,
    SINGLE,
)
from rollout import embedded  # noqa: E402

SIZES = (100_000, 1_000_000, 3_000_000)
TURNS = {100_000: 5, 1_000_000: 1, 3_000_000: 1}
BATCH_ROWS = 10_000
"""As in the document."""
GIVE_UP_S = 60
SAMPLE_EVERY_S = 0.02
"""So much may be missing from a longest transaction; more often slows two cores."""
FROM_ROWS = 1_000_000
"""Below, one checkpoint's room is enough anyway."""
INSERT = spec_sql.UPGRADES["005"][0]
USERS = """
    INSERT INTO auth.users (id, email)
    SELECT gen_random_uuid(), 'user' || n || '@example.com'
    FROM generate_series(1, {}) AS n
"""
ACCOUNTS = """
    INSERT INTO public.user_onboarding (id, user_id, onboarding_data, status,
        alpaca_account_id, alpaca_account_status, created_at, updated_at)
    SELECT gen_random_uuid(), id, '{"step": "done"}', 'completed',
        gen_random_uuid(), 'ACTIVE', now(), now() FROM auth.users
"""
WRITING = """
    SELECT pid, extract(epoch FROM clock_timestamp() - xact_start) * 1000
    FROM pg_stat_activity WHERE datname = %s AND backend_xid IS NOT NULL
        AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class Sampler:
    """The longest writing transaction, and the most memory of one server process."""

    def __init__(self, dsn: str, database: str) -> None:
        self.longest_ms, self.most_mb = 0.0, 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(dsn, database))

    def __enter__(self) -> "Sampler":
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self, dsn: str, database: str) -> None:
        connection = psycopg2.connect(dsn)
        connection.autocommit = True
        with connection.cursor() as cursor:
            while not self._ended.wait(SAMPLE_EVERY_S):
                cursor.execute(WRITING, (database,))
                for pid, ms in cursor.fetchall():
                    self.longest_ms = max(self.longest_ms, float(ms))
                    self.most_mb = max(self.most_mb, private_mb(pid))
        connection.close()


def private_mb(pid: int) -> float:
    """Memory that a process has for itself, without shared buffers; 0 if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    for line in status.splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


def ours(url: sa.URL, *settings: str) -> dict[str, float]:
    """``alembic upgrade 005``, as a process of its own; its time as the journal says.

    The rest of the process is Python starting, which is measured under "start".
    """
    environ = {**os.environ, "DATABASE_URL": url.render_as_string(hide_password=False)}
    process = subprocess.Popen(
        [sys.executable, "-m", "alembic", *settings, "upgrade", "005"],
        cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    said = process.stderr.read() if process.stderr else ""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(said)
    with psycopg2.connect(embedded.url_text(url)) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT execution_time_ms FROM migrations.schema_versions"
            " WHERE version = '1.4.1'"
        )
        (took_ms,) = cursor.fetchone()
    connection.close()
    return {"took_s": took_ms / 1000, "client_mb": round(usage.ru_maxrss / 1024, 1)}


def single(url: sa.URL) -> dict[str, float]:
    """One statement, one transaction."""
    with psycopg2.connect(embedded.url_text(url)) as connection:
        connection.cursor().execute(INSERT)
    connection.close()
    return {}


def by_offset(url: sa.URL) -> dict[str, float]:
    """Batches that skip what is done by counting."""
    return batches(url, lambda done: f"ORDER BY id LIMIT {BATCH_ROWS} OFFSET {done}")


def shrinking(url: sa.URL) -> dict[str, float]:
    """Batches of what is not done yet, looked for from the beginning."""
    where = (
        "AND NOT EXISTS (SELECT FROM public.user_investment_accounts AS a WHERE"
        " a.provider = 'alpaca' AND a.user_id = user_onboarding.user_id AND"
        " a.provider_account_id = alpaca_account_id)"
    )
    insert = INSERT.replace("WHERE ", "WHERE (") + ")"
    return batches(url, lambda _: f"{where} LIMIT {BATCH_ROWS}", insert)


def batches(
    url: sa.URL, tail: Callable[[int], str], insert: str = INSERT
) -> dict[str, float]:
    """Insert and commit, batch by batch, until nothing is left or the time is up."""
    connection = psycopg2.connect(embedded.url_text(url))
    done, started = 0, time.monotonic()
    with connection.cursor() as cursor:
        while time.monotonic() - started < GIVE_UP_S:
            cursor.execute(f"{insert} {tail(done)}")
            connection.commit()
            done += cursor.rowcount
            if cursor.rowcount < BATCH_ROWS:
                break
    connection.close()
    return {"rows_done": done}


WAYS: dict[str, Callable[[sa.URL], dict[str, float]]] = {
    OURS: ours,
    ONE_WORKER: lambda url: ours(url, "-x", "workers=1"),
    SINGLE: single,
    OFFSET: by_offset,
    SHRINKING: shrinking,
}
ONE_WORKER_UP_TO = 1_000_000
"""Rows; above, it would only lengthen the run."""


def main() -> None:
    """Measure, write the section, print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = ",".join(str(size) for size in SIZES)
    parser.add_argument(
        "--rows", default=sizes,
        help=f"default: {sizes}; figures of other sizes are kept",
    )  # fmt: skip
    parser.add_argument("--place", help="directory for the server's data")
    arguments = parser.parse_args()
    asked = [int(rows) for rows in arguments.rows.split(",")]
    with TemporaryDirectory(prefix="backfill.", dir=arguments.place or "/tmp") as place:
        Path(place).chmod(0o755)
        server = embedded.start(Path(place) / "data")
        try:
            runs = [
                run
                for rows in asked
                for run in [*measure(server, rows), *measure_with_room(server, rows)]
            ]
        finally:
            embedded.stop(Path(place) / "data")
    report.save("backfill", {"batch_rows": BATCH_ROWS, "runs": _kept(asked) + runs})
    render()
    print((report.PLACE / "backfill.md").read_text())


def _kept(asked: list[int]) -> list[dict[str, Any]]:
    """Runs of sizes that are not measured now."""
    try:
        saved = report.load("backfill")["runs"]
    except FileNotFoundError:
        return []
    return [run for run in saved if run["rows"] not in asked]


def measure(server: sa.URL, rows: int) -> list[dict[str, Any]]:
    """Every way, in turns, each on a fresh copy of the same database."""
    admin = psycopg2.connect(embedded.url_text(server.set(database="postgres")))
    admin.autocommit = True
    cursor = admin.cursor()
    prepare(server, rows)
    runs = [
        measure_one(server, cursor, rows=rows, turn=turn, way=way, wal_room=DEFAULT)
        for turn in range(TURNS.get(rows, 1))
        for way in WAYS
        if way != ONE_WORKER or rows <= ONE_WORKER_UP_TO
    ]
    cursor.execute("DROP DATABASE run WITH (FORCE)")
    admin.close()
    return runs


def measure_with_room(server: sa.URL, rows: int) -> list[dict[str, Any]]:
    """Ours and the single statement, with fewer checkpoints."""
    if rows < FROM_ROWS:
        return []
    admin = psycopg2.connect(embedded.url_text(server.set(database="postgres")))
    admin.autocommit = True
    cursor = admin.cursor()
    _set(cursor, ROOMY)
    runs = [
        measure_one(server, cursor, rows=rows, turn=0, way=way, wal_room=ROOMY)
        for way in (OURS, SINGLE)
    ]
    _set(cursor, DEFAULT)
    admin.close()
    return runs


def _set(cursor: Any, max_wal_size: str) -> None:
    cursor.execute(
        "ALTER SYSTEM SET max_wal_size = %s", (max_wal_size.replace(" ", ""),)
    )
    cursor.execute("SELECT pg_reload_conf()")


def measure_one(server: sa.URL, cursor: Any, **run: Any) -> dict[str, Any]:
    """One way on a fresh copy; ``run`` says which, and gets its figures."""
    cursor.execute("DROP DATABASE IF EXISTS run WITH (FORCE)")
    cursor.execute("CREATE DATABASE run TEMPLATE prepared STRATEGY file_copy")
    cursor.execute("CHECKPOINT")
    run |= one(server, run["way"])
    print(run, file=sys.stderr)
    return run


def prepare(server: sa.URL, rows: int) -> None:
    """A database at 004 with so many old accounts, as a template."""
    admin = psycopg2.connect(embedded.url_text(server.set(database="postgres")))
    admin.autocommit = True
    admin.cursor().execute("DROP DATABASE IF EXISTS prepared WITH (FORCE)")
    admin.close()
    url = embedded.ensure_database(server, "prepared")
    config = Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = url.render_as_string(hide_password=False)
    command.upgrade(config, "004")
    connection = psycopg2.connect(embedded.url_text(url))
    connection.autocommit = True
    for statement in (USERS.format(rows), ACCOUNTS, "VACUUM (FREEZE, ANALYZE)"):
        connection.cursor().execute(statement)
    connection.close()


def one(server: sa.URL, way: str) -> dict[str, float]:
    """One run: seconds, WAL, the longest writing transaction, memory."""
    url = server.set(database="run")
    admin = psycopg2.connect(embedded.url_text(server.set(database="postgres")))
    admin.autocommit = True
    cursor = admin.cursor()
    cursor.execute("SELECT pg_current_wal_lsn()")
    (wal,) = cursor.fetchone()
    with Sampler(embedded.url_text(server.set(database="postgres")), "run") as sampler:
        started = time.monotonic()
        more = WAYS[way](url)
        took_s = time.monotonic() - started
    cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), %s)", (wal,))
    (wal_bytes,) = cursor.fetchone()
    admin.close()
    return {
        "took_s": round(took_s, 3),
        "longest_ms": round(sampler.longest_ms, 1),
        "server_mb": round(sampler.most_mb, 1),
        "wal_mb": round(float(wal_bytes) / 2**20, 1),
        **more,
    }


def render() -> None:
    """The section and its plot, from the saved figures."""
    runs = report.load("backfill")["runs"]
    text = backfill_page.text(
        runs, sample_ms=1000 * SAMPLE_EVERY_S, give_up_s=GIVE_UP_S
    )
    report.section("backfill", text)
    report.plot("backfill", lambda figure: backfill_page.draw(figure, runs))


if __name__ == "__main__":
    main()
