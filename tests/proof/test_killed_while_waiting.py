"""Ended in the middle of a statement: an index that waits for somebody's snapshot."""

import signal

import pytest

from tests.commands import alembic_run
from tests.proof.standing import differences, left_behind, standing
from tests.rollout.processes import query, start, wait_until

pytestmark = pytest.mark.slow

BUILDING = """
    SELECT pid FROM pg_stat_progress_create_index
    WHERE phase = 'waiting for old snapshots' AND datname = current_database()
"""
HOLDER = "SELECT locked_by FROM migrations.migration_locks"
INVALID = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"


@pytest.fixture
def waiting(database_at, connect):
    """An upgrade of 009 whose index is invalid and waits; its process; for whom."""
    url = database_at("008")
    blocker = connect(url)
    blocker.set_session(isolation_level="REPEATABLE READ")
    with blocker.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM auth.users")
    process = start(url, "upgrade", "009")
    wait_until(lambda: query(url, BUILDING))
    assert query(url, INVALID) == [("idx_user_onboarding_provider",)]
    yield url, process, blocker
    process.kill()
    process.communicate()


def kill_process(url, process):
    process.send_signal(signal.SIGKILL)
    process.communicate()


def end_connection(url, process):
    ((pid,),) = query(url, BUILDING)
    query(url, f"SELECT pg_terminate_backend({pid}, 5000)")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1, said


@pytest.mark.parametrize("end", [kill_process, end_connection])
def test_the_next_run_leaves_a_valid_index(waiting, end, database_at):
    """A killed client's server process goes on building; a new run waits for it."""
    url, process, blocker = waiting
    end(url, process)
    following = start(url, "upgrade", "009")
    wait_until(lambda: f"process {following.pid}" in str(query(url, HOLDER)))
    blocker.rollback()
    _, said = following.communicate(timeout=120)
    assert following.returncode == 0, said
    assert query(url, INVALID) == []
    assert left_behind(url) == []
    assert differences(standing(database_at("009")), standing(url)) == []


def test_the_next_run_can_be_the_way_back_only_after_this_one(waiting):
    url, process, blocker = waiting
    kill_process(url, process)
    blocker.rollback()
    following = start(url, "downgrade", "007")
    _, said = following.communicate(timeout=120)
    assert following.returncode == 1
    assert "the upgrade of revision 009 was interrupted" in said
    alembic_run(url, "upgrade", "009")
    alembic_run(url, "downgrade", "007")
