"""Which locks each revision takes on tables in use: docs/locks.md.

Every transaction of the layer is asked for its locks just before it commits. What takes
its lock outside of a transaction (CONCURRENTLY) is held up by another session until the
lock has been seen. ``make docs`` writes the page; a test compares it.
"""

import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import legacy_data  # noqa: E402

PAGE = ROOT / "docs" / "locks.md"
MODES = {
    "RowShareLock": "nothing",
    "RowExclusiveLock": "nothing",
    "ShareUpdateExclusiveLock": "vacuum and other migrations",
    "ShareLock": "writes",
    "ShareRowExclusiveLock": "writes",
    "ExclusiveLock": "writes",
    "AccessExclusiveLock": "reads and writes",
}
"""Modes from the weakest to the strongest, and what each makes wait."""

# The journal's log is written by every revision, and by nobody else.
IN_USE = """
    SELECT c.oid::int8, c.oid::regclass::text FROM pg_catalog.pg_class AS c
    WHERE c.relkind IN ('r', 'p')
        AND c.relnamespace::regnamespace::text IN ('auth', 'public')
        AND c.relname <> 'migration_log'
"""
HELD = """
    SELECT relation::int8, mode FROM pg_catalog.pg_locks
    WHERE pid = {pid} AND locktype = 'relation' AND granted
        AND mode <> 'AccessShareLock'
"""
WAITS = (
    "SELECT wait_event_type = 'Lock' FROM pg_catalog.pg_stat_activity WHERE pid = %s"
)

Seen = set[tuple[str, str]]
"""Tables and modes."""


class Recorder:
    """Collects the strongest lock of each transaction on each table in use."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._in_use: dict[int, str] = {}
        self._held_up: _HeldUp | None = None
        self.seen: Seen = set()

    def step(self, work: Callable[[], object]) -> Seen:
        """What ``work`` locks, of the tables that are there before it."""
        with psycopg2.connect(self._dsn) as connection:
            cursor = connection.cursor()
            cursor.execute(IN_USE)
            self._in_use = dict(cursor.fetchall())
        connection.close()
        self.seen = set()
        work()
        return self.seen

    def note(self, held: list[tuple[int, str]]) -> None:
        """Keep the strongest mode of each table in use."""
        modes: dict[str, list[str]] = defaultdict(list)
        for oid, mode in held:
            if oid in self._in_use:
                modes[self._in_use[oid]].append(mode)
        order = list(MODES)
        self.seen |= {(t, max(found, key=order.index)) for t, found in modes.items()}

    @contextmanager
    def listening(self) -> Iterator["Recorder"]:
        """Listen to every engine of this process for the block."""
        hooks: dict[str, Callable[..., Any]] = {
            "commit": self._at_commit,
            "before_cursor_execute": self._before,
            "after_cursor_execute": self._after,
        }
        for name, hook in hooks.items():
            sa.event.listen(sa.Engine, name, hook, retval=name.startswith("before"))
        try:
            yield self
        finally:
            for name, hook in hooks.items():
                sa.event.remove(sa.Engine, name, hook)

    def _at_commit(self, connection: sa.Connection) -> None:
        driver = connection.connection.driver_connection
        assert driver is not None
        if not driver.autocommit:
            self.note(_held(driver.cursor(), "pg_backend_pid()"))

    def _before(
        self, connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any
    ) -> tuple[str, Any]:
        driver = cursor.connection
        if driver.autocommit and "CONCURRENTLY" in statement:
            self._held_up = _HeldUp(self, self._dsn, driver.info.backend_pid)
        elif driver.autocommit and statement.lstrip().startswith("ALTER"):
            # Its lock would be gone with it, so it gets a transaction to be seen in.
            driver.autocommit = False
            with driver.cursor() as other:
                other.execute(statement)
                self.note(_held(other, "pg_backend_pid()"))
            driver.commit()
            driver.autocommit = True
            statement = "SELECT 1"
        return statement, parameters

    def _after(self, *_: Any) -> None:
        if self._held_up is not None:
            self._held_up.end()
            self._held_up = None


class _HeldUp:
    """Stands in the way of a statement until its locks have been seen."""

    def __init__(self, recorder: Recorder, dsn: str, pid: int) -> None:
        self._recorder, self._pid = recorder, pid
        self._ended = threading.Event()
        self._connection = psycopg2.connect(dsn, application_name="in the way")
        self._cursor = self._connection.cursor()
        tables = "SELECT string_agg(name, ', ') FROM ({}) AS t (oid, name)"
        self._cursor.execute(tables.format(IN_USE))
        self._cursor.execute(
            f"LOCK TABLE {self._cursor.fetchone()[0]} IN ROW EXCLUSIVE MODE"
        )
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(0.005):
            self._cursor.execute(WAITS, (self._pid,))
            row = self._cursor.fetchone()
            if row and row[0]:
                self._recorder.note(_held(self._cursor, str(self._pid)))
                break
        self._connection.close()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


def _held(cursor: Any, pid: str) -> list[tuple[int, str]]:
    cursor.execute(HELD.format(pid=pid))
    found: list[tuple[int, str]] = cursor.fetchall()
    return found


def record(url: str, config: Config | None = None) -> dict[str, Seen]:
    """Run every revision up, down and up again on an empty database, with rows in it.

    Returns what each step locked, by "REVISION up", "REVISION down", "REVISION again".
    """
    config = config or Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = url
    made = sa.make_url(url).set(drivername="postgresql")
    dsn = made.render_as_string(hide_password=False)
    script = ScriptDirectory.from_config(config)
    first, *revisions = [s.revision for s in script.walk_revisions()][::-1]
    command.upgrade(config, first)
    fill(dsn, OLD_ROWS)
    taken: dict[str, Seen] = {}
    with ExitStack() as stack:
        recorder = stack.enter_context(Recorder(dsn).listening())
        for revision in revisions:
            up = recorder.step(lambda r=revision: command.upgrade(config, r))
            taken[f"{revision} up"] = up
        fill(dsn, NEW_ROWS)
        for revision in reversed(revisions):
            down = recorder.step(lambda: command.downgrade(config, "-1"))
            taken[f"{revision} down"] = down
        for revision in revisions:
            again = recorder.step(lambda r=revision: command.upgrade(config, r))
            taken[f"{revision} again"] = again
    return taken


def fill(dsn: str, statements: tuple[str, ...]) -> None:
    """Rows of the old application, and what the new one does with some of them."""
    people = legacy_data.users()[:40]
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        for statement in statements:
            if "%s" in statement:
                rows: list[Any] = list(people)
                if "user_onboarding" in statement:
                    rows = list(legacy_data.onboarding(people))
                cursor.executemany(statement, rows)
            else:
                cursor.execute(statement)
    connection.close()


OLD_ROWS = (
    "INSERT INTO auth.users (id, email, created_at) VALUES (%s, %s, %s)",
    f"INSERT INTO public.user_onboarding ({', '.join(legacy_data.Onboarding._fields)})"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
)
NEW_ROWS = (
    "UPDATE public.user_onboarding SET onboarding_version = 2, plaid_link_completed ="
    " true WHERE alpaca_account_status = 'ACTIVE'",
    "UPDATE public.user_investment_accounts SET account_name = 'Mine' WHERE is_active",
    "INSERT INTO public.user_aggregated_holdings (user_id, symbol, security_name,"
    " security_type, total_quantity, total_market_value, total_cost_basis)"
    " SELECT DISTINCT user_id, 'VTI', 'Fund', 'etf', 1, 1, 1"
    " FROM public.user_investment_accounts",
)


def page(taken: dict[str, Seen]) -> str:
    """The page, from what :func:`record` returned."""
    lines = [
        *HEAD,
        "| step | table in use | lock | makes wait |",
        "| --- | --- | --- | --- |",
    ]
    for step, seen in taken.items():
        order = list(MODES)
        for table, mode in sorted(seen, key=lambda s: (s[0], -order.index(s[1]))):
            lines.append(f"| {step} | {table} | {words(mode)} | {MODES[mode]} |")
    none = [step for step, seen in taken.items() if not seen]
    return "\n".join([*lines, "", f"No lock on a table in use: {', '.join(none)}.", ""])


def words(mode: str) -> str:
    """``ShareRowExclusiveLock`` as the manual writes it: SHARE ROW EXCLUSIVE."""
    name = mode.removesuffix("Lock")
    return "".join(f" {c}" if c.isupper() else c for c in name).strip().upper()


HEAD = (
    "# Locks on tables in use",
    "",
    "Made by `make docs`; a test runs every revision, asks each of its transactions",
    "for its locks just before the commit, and fails when one differs from this table.",
    "A table is in use when it is there before the step: the old application's, and",
    "those of earlier revisions. Every lock that makes reads or writes wait is taken",
    "without queueing and held for the rest of one short transaction; how long that is",
    "under load is measured in the [certificate](certificate.md). *down* is the",
    "downgrade, *again* the upgrade after it. Left out are ACCESS SHARE, which every",
    "query takes, and the journal's own log.",
    "",
)


def main() -> None:
    """Write the page, from a run on a server of its own."""
    from tempfile import TemporaryDirectory

    from rollout import embedded

    with TemporaryDirectory(prefix="locks.", dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        data = Path(directory) / "data"
        server = embedded.start(data)
        try:
            url = embedded.ensure_database(server, "locks")
            taken = record(url.render_as_string(hide_password=False))
        finally:
            embedded.stop(data)
    PAGE.write_text(page(taken), encoding="utf-8")


if __name__ == "__main__":
    main()
