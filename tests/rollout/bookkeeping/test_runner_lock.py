"""One runner at a time, whatever happens to the others."""

import os
import signal
import threading
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from rollout.bookkeeping.runner_lock import KEY, RunnerBusy, RunnerLockLost
from tests.commands import alembic_run
from tests.rollout.processes import query, start, wait_until

LOCKED = f"""
    SELECT pid FROM pg_locks WHERE locktype = 'advisory'
        AND (classid::bigint << 32) + objid::bigint = {KEY}
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
HOLDER = "SELECT locked_by, lock_reason FROM migrations.migration_locks"
SAYS_HOLDER = """
    UPDATE migrations.migration_locks
    SET locked_by = 'ada@laptop, process 7', locked_at = '2024-02-29 12:00+00',
        lock_reason = 'release 12'
"""


@contextmanager
def before(words, act):
    """Call ``act`` before every statement that has ``words`` in it."""

    def execute(connection, cursor, statement, *_):
        if words in statement:
            act()

    event.listen(sa.Engine, "before_cursor_execute", execute)
    try:
        yield
    finally:
        event.remove(sa.Engine, "before_cursor_execute", execute)


@pytest.fixture
def holder(connect, head_database):
    """A connection that holds the runner lock of ``head_database``."""
    connection = connect(head_database)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_xact_lock({KEY})")
        assert cursor.fetchone() == (True,)
    return connection


@pytest.mark.slow
def test_of_ten_started_at_once_one_upgrades_and_nine_find_nothing_to_do(
    empty_database,
):
    runners = [start(empty_database, "upgrade", "head") for _ in range(10)]
    said = [runner.communicate(timeout=300)[1] for runner in runners]
    assert [runner.returncode for runner in runners] == [0] * 10, "\n".join(said)
    assert sum("create migration log" in text for text in said) == 1
    assert sum("monitoring views" in text for text in said) == 1
    assert query(empty_database, HOLDER) == [(None, None)]


@pytest.mark.slow
def test_a_killed_runner_blocks_nobody_and_the_next_says_that_it_took_over(
    database_at, connect
):
    url = database_at("008")
    blocker = connect(url)  # 009 cannot get its lock, so its runner can be met
    with blocker.cursor() as cursor:
        cursor.execute("LOCK TABLE public.user_onboarding IN ROW EXCLUSIVE MODE")
    killed = start(url, "upgrade", "head")
    wait_until(lambda: query(url, LOCKED))
    wait_until(lambda: f"process {killed.pid}" in str(query(url, HOLDER)))
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert f"process {killed.pid}" in str(query(url, HOLDER))
    blocker.rollback()

    following = start(url, "upgrade", "head")
    _, said = following.communicate(timeout=120)
    assert following.returncode == 0, said
    assert f"process {killed.pid}" in said
    assert "took over from" in said
    assert query(url, HOLDER) == [(None, None)]
    assert query(url, LOCKED) == []


def test_a_waiter_that_gives_up_says_who_holds_it_since_when_and_why(
    holder, head_database
):
    query(head_database, SAYS_HOLDER)
    with pytest.raises(RunnerBusy) as refusal:
        alembic_run(head_database, "downgrade", "-1", x=["runner_wait_s=0.1"])
    said = str(refusal.value)
    assert "ada@laptop, process 7, since 2024-02-29 12:00:00" in said
    assert "release 12" in said
    assert "-x runner_wait_s=1800" in said
    assert query(head_database, "SELECT * FROM migrations.alembic_version") == [
        ("010",)
    ]


def test_the_command_line_says_it_too(holder, head_database, alembic_cli):
    query(head_database, SAYS_HOLDER)
    done = alembic_cli(head_database, "-x", "runner_wait_s=1", "upgrade", "head")
    assert done.returncode == 1
    assert "another runner is at work: ada@laptop" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_waiter_goes_on_once_the_lock_is_free(holder, head_database):
    timer = threading.Timer(0.5, holder.rollback)
    timer.start()
    alembic_run(head_database, "downgrade", "-1")
    timer.join()
    assert query(head_database, "SELECT * FROM migrations.alembic_version") == [
        ("009",)
    ]


def test_a_command_that_only_looks_does_not_wait(holder, head_database):
    assert "010" in alembic_run(head_database, "current", x=["runner_wait_s=0"])


def test_while_a_runner_is_at_work_its_reason_can_be_read(head_database):
    seen = []

    def look():
        if not seen and query(head_database, LOCKED):
            seen.extend(query(head_database, HOLDER))

    with before("DROP VIEW", look):
        alembic_run(head_database, "downgrade", "-1", x=["reason=release 12"])
    assert [reason for _, reason in seen] == ["release 12"]
    assert f"process {os.getpid()}" in seen[0][0]


def test_a_lock_lost_while_a_revision_runs_rolls_the_revision_back(head_database):
    def lose():
        ended = f"SELECT pg_terminate_backend(pid, 5000) FROM ({LOCKED}) AS locked"
        query(head_database, ended)

    with before("DROP VIEW", lose), pytest.raises(RunnerLockLost, match="rolled back"):
        alembic_run(head_database, "downgrade", "-1")
    assert query(head_database, "SELECT * FROM migrations.alembic_version") == [
        ("010",)
    ]
    assert query(head_database, "SELECT to_regclass('public.table_sizes') IS NULL") == [
        (False,)
    ]
    failed = "SELECT error_message FROM public.migration_log WHERE NOT success"
    assert "runner lock" in str(query(head_database, failed))
