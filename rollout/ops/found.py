r"""Statements and tables that are found in the catalog when the revision runs.

Online the catalog is asked, and what it answers is executed. A printed script asks as
well: psql's ``\gexec`` executes what a query returns, and so takes statements, such as
CREATE INDEX CONCURRENTLY, that no function or DO block may hold.
"""

from rollout.ops.lock_tables import OFFLINE_HOLDING_S, lock_tables
from rollout.ops.sql import bind, is_offline, run_sql
from rollout.running import run
from rollout.sqltext import verbatim

LOCK_OFFLINE = """\
DO $lock$
DECLARE
    tables text := (
        SELECT string_agg(DISTINCT name, ', ') FROM ({query}) AS found (name)
    );
    give_up_at timestamptz := clock_timestamp() + interval '{wait_s:.1f} s';
BEGIN
    LOOP
        BEGIN
            EXECUTE format('LOCK TABLE %s IN {mode} MODE NOWAIT', tables);
            EXIT;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            IF clock_timestamp() > give_up_at THEN
                RAISE;
            END IF;
        END;
        PERFORM pg_sleep(0.005 + 0.015 * random());
    END LOOP;
END
$lock$"""


# LOCK TABLE asks for one of these. Other people's tables (auth.users on Supabase) are
# left to the statements themselves, under the short lock_timeout that is in force.
PERMITTED = """
    SELECT name FROM ({query}) AS tables (name)
    WHERE has_table_privilege(name, 'UPDATE, DELETE, TRUNCATE')
"""


def execute_found(query: str) -> None:
    """Execute every statement that ``query`` returns, in its order.

    Locks: what the statements take.
    """
    if is_offline():
        # The double backslash ends the command before the semicolon that is printed.
        run_sql(f"{query.strip()}\n\\gexec \\\\")
        return
    for statement in bind().scalars(verbatim(query)).all():
        run_sql(statement)


def lock_found(query: str, mode: str = "ACCESS EXCLUSIVE") -> None:
    """Lock the tables whose names ``query`` returns, as :func:`lock_tables` does.

    Locks: ``mode`` on all of them, queueing nobody.
    """
    permitted = PERMITTED.format(query=query.strip()).strip()
    if is_offline():
        this = run.current()
        # Locks that the transaction has already must not be held while it tries.
        wait_s = OFFLINE_HOLDING_S if this.locked_in else this.settings.lock_wait_s
        this.locked_in = "the script's transaction"
        run_sql(LOCK_OFFLINE.format(query=permitted, mode=mode, wait_s=wait_s))
        return
    tables = bind().scalars(verbatim(permitted)).all()
    lock_tables(*sorted(set(tables)), mode=mode)
