"""A revision ended half-way goes on in its own direction, before any other."""

import pytest

from rollout.backfill.worker import Worker
from rollout.bookkeeping.unfinished import RevisionUnfinished
from rollout.errors import RolloutError

MARKS = "SELECT revision, direction FROM migrations.unfinished"
STANDING = "SELECT version_num FROM migrations.alembic_version"
LEGACY = """
    INSERT INTO public.user_onboarding (id, alpaca_account_id) VALUES
    (gen_random_uuid(), 'a'), (gen_random_uuid(), 'b')
"""


class PowerCut(RolloutError):
    """Stands in for a kill: tests/proof does it for real."""


@pytest.fixture
def interrupted(database_at, connect, alembic_run, monkeypatch):
    """Run a command on a database until its first batch; return the database."""

    def interrupt(revision, command, target):
        url = database_at(revision)
        with connect(url, autocommit=True).cursor() as cursor:
            cursor.execute(LEGACY)
        with monkeypatch.context() as patch, pytest.raises(PowerCut):
            patch.setattr(Worker, "do_range", cut)
            alembic_run(url, command, target)
        return url

    def cut(*_):
        raise PowerCut

    return interrupt


@pytest.fixture
def query(connect):
    def rows(url, statement):
        with connect(url, autocommit=True).cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    return rows


def test_an_interrupted_upgrade_is_marked_and_the_running_again_clears_it(
    interrupted, query, alembic_run
):
    url = interrupted("004", "upgrade", "005")
    assert query(url, MARKS) == [("005", "upgrade")]
    alembic_run(url, "upgrade", "head")
    assert query(url, MARKS) == []
    assert query(url, STANDING) == [("010",)]


def test_after_an_interrupted_upgrade_a_downgrade_is_refused(
    interrupted, query, alembic_run
):
    url = interrupted("004", "upgrade", "005")
    with pytest.raises(RevisionUnfinished) as refusal:
        alembic_run(url, "downgrade", "-1")
    assert (refusal.value.revision, refusal.value.direction) == ("005", "upgrade")
    assert "alembic upgrade 005" in str(refusal.value)
    assert "Nothing was changed in this run" in str(refusal.value)
    assert query(url, STANDING) == [("004",)]


def test_after_an_interrupted_downgrade_other_upgrades_are_refused(
    interrupted, query, alembic_run
):
    url = interrupted("009", "downgrade", "008")
    with pytest.raises(RevisionUnfinished, match="alembic downgrade -1"):
        alembic_run(url, "upgrade", "head")
    assert query(url, STANDING) == [("009",)]
    alembic_run(url, "downgrade", "-1")
    assert query(url, MARKS) == []
    alembic_run(url, "upgrade", "head")


def test_a_command_with_nothing_to_do_is_not_refused(interrupted, alembic_run):
    url = interrupted("004", "upgrade", "005")
    alembic_run(url, "upgrade", "004")


def test_the_command_line_refuses_with_status_1_and_no_traceback(
    interrupted, alembic_cli
):
    url = interrupted("004", "upgrade", "005")
    done = alembic_cli(url, "downgrade", "-1")
    assert done.returncode == 1
    assert "the upgrade of revision 005 was interrupted" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stamp_forgets_what_was_half_done_and_says_so(
    interrupted, query, alembic_run, capsys
):
    url = interrupted("004", "upgrade", "005")
    alembic_run(url, "stamp", "005")
    assert query(url, MARKS) == []
    assert query(url, "TABLE migrations.backfill_progress") == []
    assert (
        "interrupted upgrade of revision 005 is\nforgotten" in capsys.readouterr().err
    )
    alembic_run(url, "downgrade", "-1")
    alembic_run(url, "upgrade", "head")
