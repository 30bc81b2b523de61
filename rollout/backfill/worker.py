"""One worker: takes a range, and does it batch by batch, each its own transaction."""

import re
import time
from collections.abc import Callable

from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import DBAPIError

from rollout.backfill.plan import Backfill
from rollout.running.blockers import who_blocks
from rollout.running.locks import LockWaitTimeout
from rollout.settings import Settings
from rollout.sqlstate import RETRYABLE, sqlstate
from rollout.sqltext import literal, verbatim

FIRST_BATCH_ROWS = 200
MOST_BATCH_ROWS = 5_000
LAST_TRY_MS = 200
"""How long the last try waits for a row: long enough to be seen waiting."""
BLAMES_A_ROW = ("22", "23", "54000", "P0001")
"""SQLSTATE classes of errors in the data: value, constraint, too long for an index,
raised by a trigger."""

CLAIM = text("""
    SELECT rows_done, row_count, keys[rows_done + 1] AS next_key
    FROM migrations.backfill_progress
    WHERE revision = :revision AND name = :name AND range_no = :number AND NOT done
    FOR UPDATE
""")
# The keys of a range go when it is done: together, at the end, they are megabytes.
ADVANCE = text("""
    UPDATE migrations.backfill_progress
    SET rows_done = rows_done + :rows, done = rows_done + :rows >= row_count,
        keys = CASE WHEN rows_done + :rows < row_count THEN keys ELSE '{}' END,
        updated_at = now()
    WHERE revision = :revision AND name = :name AND range_no = :number
""")
KEYS = """CAST((
    SELECT keys[{first}:{last}] FROM migrations.backfill_progress
    WHERE revision = {revision} AND name = {name} AND range_no = {number}
) AS {type}[])"""
"""Read from the list by the server: no keys in the statement's text."""


class Worker:
    """Does ranges of one backfill on a connection of its own."""

    def __init__(
        self,
        engine: Engine,
        backfill: Backfill,
        key_type: str,
        settings: Settings,
        report: Callable[[int], None],
        stopped: Callable[[], bool],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._engine, self._backfill, self._settings = engine, backfill, settings
        self._report, self._stopped, self._sleep = report, stopped, sleep
        self._rows, self._refused = FIRST_BATCH_ROWS, 0
        self._type = key_type

    def do_range(self, number: int) -> None:
        """Go through one range to its end, or until told to stop.

        Raises:
            DBAPIError: A failure that is not one row's fault. Earlier batches stay.
            LockWaitTimeout: A row stayed locked for lock_wait_s. Earlier batches stay.
        """
        blocked_since: float | None = None
        with self._engine.connect() as connection:
            while not self._stopped():
                started = time.monotonic()
                try:
                    done, rows = self._batch(connection, number)
                except DBAPIError as error:
                    connection.rollback()
                    blocked_since = blocked_since or started
                    self._cope(connection, error, number, started - blocked_since)
                    continue
                blocked_since, self._refused = None, 0
                self._adapt(time.monotonic() - started, rows)
                self._report(rows)
                self._sleep(self._settings.pause_ms / 1000)
                if done:  # the pause is for the next range, too: it may be one batch
                    return

    def _batch(
        self, connection: Connection, number: int, setting: str | None = None
    ) -> tuple[bool, int]:
        """Do one batch and commit; return whether the range is done, and its rows.

        The commit does not wait for the disk: after a crash of the server a batch and
        its progress are missing together, and are done again.

        The progress row is locked first: a predecessor that was killed may still have
        a statement running on the server, and is waited for.
        """
        where = self._where(number)
        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
        if setting is not None:
            connection.exec_driver_sql(setting)
        range_ = connection.execute(CLAIM, where).one_or_none()
        if range_ is None:
            connection.rollback()
            return True, 0
        left = range_.row_count - range_.rows_done
        rows = min(self._rows, left)
        connection.execute(self._statement(number, range_.rows_done, rows))
        connection.execute(ADVANCE, where | {"rows": rows})
        connection.commit()
        return rows == left, rows

    def _statement(self, number: int, done: int, rows: int) -> TextClause:
        """The backfill's statement for the next so many keys of a range."""
        this = self._backfill
        keys = KEYS.format(
            first=done + 1, last=done + rows, revision=literal(this.revision),
            name=literal(this.progress_name), number=number, type=self._type,
        )  # fmt: skip
        return verbatim(with_keys(this.statement, keys))

    def _where(self, number: int) -> dict[str, object]:
        name = self._backfill.progress_name
        return {"revision": self._backfill.revision, "name": name, "number": number}

    def _adapt(self, took_s: float, rows: int) -> None:
        """Aim the next batch at batch_ms; a short last batch says nothing."""
        if rows < self._rows:
            return
        factor = self._settings.batch_ms / 1000 / max(took_s, 0.001)
        wanted = int(self._rows * min(2.0, max(0.5, factor)))
        self._rows = max(1, min(MOST_BATCH_ROWS, wanted))

    def _cope(
        self, connection: Connection, error: DBAPIError, number: int, blocked_s: float
    ) -> None:
        """Try a smaller batch; put aside the one row that cannot be done."""
        state = sqlstate(error) or ""
        if state in RETRYABLE and blocked_s < self._settings.lock_wait_s:
            self._rows = max(1, self._rows // 2)
            self._refused += 1
            self._sleep(0.02)
        elif state in RETRYABLE:
            raise LockWaitTimeout(
                (self._backfill.source,), "rows", self._refused, blocked_s,
                self._in_the_way(connection, number),
            ) from error  # fmt: skip
        elif not state.startswith(BLAMES_A_ROW):
            raise error
        elif self._rows > 1:
            self._rows = max(1, self._rows // 8)
        elif self._backfill.reject_row is None:
            raise error
        else:
            self._reject(connection, error, number)
            self._rows = FIRST_BATCH_ROWS

    def _in_the_way(self, connection: Connection, number: int) -> list[str]:
        """Who holds the row, or one that it refers to; seen while it is tried again."""
        self._rows = 1
        with who_blocks(connection) as seen:
            try:
                self._batch(
                    connection, number, f"SET LOCAL lock_timeout = {LAST_TRY_MS}"
                )
            except DBAPIError:
                connection.rollback()
        return seen

    def _reject(self, connection: Connection, error: DBAPIError, number: int) -> None:
        where = self._where(number)
        range_ = connection.execute(CLAIM, where).one()
        diag = getattr(error.orig, "diag", None)
        reason = getattr(diag, "message_primary", None) or str(error.orig)
        key = f"CAST(:key AS {self._type})"
        sql = text(reject_statement(self._backfill, ":reason", key))
        connection.execute(sql, {"reason": reason, "key": range_.next_key})
        connection.execute(ADVANCE, where | {"rows": 1})
        connection.commit()


def with_keys(statement: str, keys: str) -> str:
    """The statement with ``keys``, an array in SQL, in the place of ``:keys``."""
    return re.sub(r"(?<!:):keys\b", lambda _: keys, statement)


def reject_statement(backfill: Backfill, reason: str, key: str) -> str:
    """Keep the row with ``key`` in migrations.backfill_rejects; repeatable."""
    return f"""
        INSERT INTO migrations.backfill_rejects
            (revision, source_table, source_id, reason, row_data)
        SELECT {literal(backfill.revision)}, {literal(backfill.source)},
            source.{backfill.key}::text, {reason}, {backfill.reject_row}
        FROM {backfill.source} AS source WHERE source.{backfill.key} = {key}
        ON CONFLICT (revision, source_table, source_id)
            DO UPDATE SET reason = EXCLUDED.reason, row_data = EXCLUDED.row_data
    """
