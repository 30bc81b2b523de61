"""One worker: takes a range, and does it batch by batch, each its own transaction."""

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, Row, text
from sqlalchemy.exc import DBAPIError

from rollout.backfill.plan import Backfill
from rollout.running.locks import LockWaitTimeout, who_blocks
from rollout.settings import Settings
from rollout.sqlstate import RETRYABLE, sqlstate
from rollout.sqltext import literal

FIRST_BATCH_ROWS = 200
MOST_BATCH_ROWS = 20_000
LAST_TRY_MS = 200
"""How long the last try waits for a row: long enough to be seen waiting."""
BLAMES_A_ROW = ("22", "23", "54000", "P0001")
"""SQLSTATE classes of errors in the data: value, constraint, too long for an index,
raised by a trigger."""

CLAIM = text("""
    SELECT range_no, position, upper_bound FROM migrations.backfill_progress
    WHERE revision = :revision AND name = :name AND range_no = :number AND NOT done
    FOR UPDATE
""")
ADVANCE = text("""
    UPDATE migrations.backfill_progress
    SET position = coalesce(:position, position), rows_done = rows_done + :rows,
        done = :done, updated_at = now()
    WHERE revision = :revision AND name = :name AND range_no = :number
""")


class Worker:
    """Does ranges of one backfill on a connection of its own."""

    def __init__(
        self,
        engine: Engine,
        backfill: Backfill,
        settings: Settings,
        report: Callable[[int], None],
        stopped: Callable[[], bool],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._engine, self._backfill, self._settings = engine, backfill, settings
        self._report, self._stopped, self._sleep = report, stopped, sleep
        self._rows, self._refused = FIRST_BATCH_ROWS, 0
        self._statement = text(backfill.statement)

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
                if done:
                    return
                self._sleep(self._settings.pause_ms / 1000)

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
        batch = _next_batch(connection, self._backfill, range_, self._rows)
        done = batch.rows < self._rows
        if batch.rows:
            keys = {"first": batch.first, "last": batch.last}
            connection.execute(self._statement, keys)
        advance = {"position": batch.last, "rows": batch.rows, "done": done}
        connection.execute(ADVANCE, where | advance)
        connection.commit()
        return done, batch.rows

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
        row = _next_batch(connection, self._backfill, range_, 1)
        diag = getattr(error.orig, "diag", None)
        reason = getattr(diag, "message_primary", None) or str(error.orig)
        if row.rows:
            sql = text(reject_statement(self._backfill, ":reason", ":first"))
            connection.execute(sql, {"reason": reason, "first": row.first})
            advance = {"position": row.last, "rows": 1, "done": False}
            connection.execute(ADVANCE, where | advance)
        connection.commit()


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


def _next_batch(
    connection: Connection, backfill: Backfill, range_: Row[Any], limit: int
) -> Row[Any]:
    """First and last key, as text, and number of the next ``limit`` rows of a range."""
    bounds = [f"{backfill.key} > :position"] * (range_.position is not None)
    bounds += [f"{backfill.key} <= :upper"] * (range_.upper_bound is not None)
    where = f"WHERE {' AND '.join(bounds)}" if bounds else ""
    # An array, since PostgreSQL before 18 has no min() and max() of uuid.
    return connection.execute(
        text(f"""
            SELECT coalesce(cardinality(keys), 0) AS rows,
                CAST(keys[1] AS text) AS first,
                CAST(keys[cardinality(keys)] AS text) AS last
            FROM (
                SELECT array_agg(key) AS keys FROM (
                    SELECT {backfill.key} AS key FROM {backfill.source} {where}
                    ORDER BY {backfill.key} LIMIT {limit}
                ) AS batch
            ) AS collected
        """),
        {"position": range_.position, "upper": range_.upper_bound},
    ).one()
