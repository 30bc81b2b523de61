"""What an operator may set."""

import pytest

from rollout.errors import RolloutError
from rollout.settings import Settings


def test_without_anything_the_defaults_hold():
    assert Settings.read({}, {}) == Settings()


def test_an_argument_wins_over_the_environment():
    environment = {"ROLLOUT_PAUSE_MS": "7", "ROLLOUT_WORKERS": "4"}
    settings = Settings.read({"pause_ms": "5"}, environment)
    assert (settings.pause_ms, settings.workers) == (5.0, 4.0)


def test_text_is_taken_as_it_is():
    settings = Settings.read(
        {"reason": "release 12"}, {"ROLLOUT_ACCEPT_CHANGED": "005"}
    )
    assert (settings.reason, settings.accept_changed) == ("release 12", "005")


def test_a_try_that_may_not_queue_does_not_queue_for_ever():
    """To PostgreSQL a lock_timeout of 0 is none."""
    assert Settings.read({"lock_try_ms": "0"}, {}).lock_try_ms == 1.0


def test_other_arguments_are_left_to_others():
    assert Settings.read({"tenant": "a"}, {"ROLLOUT_HOME": "b"}) == Settings()


@pytest.mark.parametrize("value", ["-1", "soon", "", "nan", "inf", "1e999", "1e7"])
def test_what_is_no_number_of_zero_or_more_is_refused_by_name(value):
    with pytest.raises(RolloutError, match="lock_wait_s") as refusal:
        Settings.read({"lock_wait_s": value}, {})
    assert "-x lock_wait_s=30" in str(refusal.value)


def test_a_refused_value_changes_nothing_and_shows_no_traceback(
    empty_database, alembic_cli, connect
):
    done = alembic_cli(empty_database, "-x", "workers=many", "upgrade", "head")
    assert done.returncode == 1
    assert "workers='many'" in done.stderr
    assert "Traceback" not in done.stderr
    with connect(empty_database).cursor() as cursor:
        cursor.execute("SELECT to_regnamespace('migrations') IS NULL")
        assert cursor.fetchone() == (True,)
