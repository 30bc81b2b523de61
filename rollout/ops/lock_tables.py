"""Ask for the locks of a revision before it touches tables in use."""

from alembic import op
from sqlalchemy.exc import DBAPIError

from rollout.ops.sql import bind, is_offline, run_sql
from rollout.running import run
from rollout.running.blockers import CONFLICTS
from rollout.running.locks import ambient, lock_statement, until_granted
from rollout.sqlstate import INSUFFICIENT_PRIVILEGE, sqlstate

OFFLINE = """\
-- Tries until it has the lock and queues nobody meanwhile. Online, the layer also
-- retries a whole revision, and names the sessions in the way.
DO $lock$
DECLARE
    give_up_at timestamptz := clock_timestamp() + interval '{wait_s:.1f} s';
BEGIN
    LOOP
        BEGIN
            {statement};
            EXIT;
        EXCEPTION
            WHEN insufficient_privilege THEN
                -- LOCK TABLE is not permitted: what follows tries once itself.
                PERFORM set_config('lock_timeout', '{try_ms:.0f}ms', true);
                EXIT;
            WHEN lock_not_available OR deadlock_detected THEN
                IF clock_timestamp() > give_up_at THEN
                    RAISE;
                END IF;
        END;
        PERFORM pg_sleep(0.005 + 0.015 * random());
    END LOOP;
END
$lock$"""


OFFLINE_HOLDING_S = 0.1


def lock_tables(*tables: str, mode: str = "ACCESS EXCLUSIVE") -> None:
    """Lock ``tables`` in ``mode`` until the transaction ends, queueing nobody.

    Name all tables in one call: while a try fails, none of them is held, unless in
    SHARE UPDATE EXCLUSIVE, where autovacuum had to make way. A second call
    in the same transaction tries once; then the whole revision is rolled back and
    retried, since it may not wait while it holds the locks of the first. Where LOCK
    TABLE is not permitted (auth.users on Supabase), the statements that follow run
    under a short lock_timeout instead, and the whole revision is retried.

    Locks: ``mode`` on ``tables``, taken by tries that make nobody wait for more than
        lock_try_ms (10 ms).

    Raises:
        LockWaitTimeout: Not to be had within lock_wait_s (30 s); names who is in the
            way. The revision is rolled back.
    """
    if mode not in CONFLICTS:
        raise ValueError(f"mode must be one of {', '.join(CONFLICTS)}, not {mode!r}")
    this = run.current()
    settings, statement = this.settings, lock_statement(tables, mode)
    if is_offline():
        # Locks that the transaction has already must not be held while it tries.
        wait_s = OFFLINE_HOLDING_S if this.locked_in else settings.lock_wait_s
        this.locked_in = "the script's transaction"
        op.execute(f"SET LOCAL lock_timeout = '{settings.lock_try_ms:.0f}ms'")
        run_sql(
            OFFLINE.format(
                statement=statement,
                wait_s=wait_s,
                try_ms=10 * settings.lock_try_ms,
            )
        )
        return
    try:
        until_granted(
            bind(), statement, tables=tables, mode=mode,
            queueing=statement.removesuffix(" NOWAIT"),
        )  # fmt: skip
    except DBAPIError as error:
        if sqlstate(error) != INSUFFICIENT_PRIVILEGE:
            raise
        bind().exec_driver_sql(ambient(settings.lock_try_ms))
