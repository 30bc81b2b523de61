import time

import pytest

from rollout.checks import rollback_rate

# Without a table in it nothing is reported, whatever is asked for.
COMMIT = "SELECT count(*), pg_stat_force_next_flush() FROM migrations.alembic_version"


@pytest.fixture
def rolled_back(lab, monkeypatch):
    """More rolled back than committed, and so few that the limit is lowered."""
    monkeypatch.setattr(rollback_rate, "FEWEST", 1)
    lab.run("SELECT pg_stat_reset()")
    for _ in range(20):
        lab.run("BEGIN", "SELECT 1", "ROLLBACK")
    lab.run(COMMIT, "SELECT 1")
    return lab


def soon(lab, status):
    """Whether the check says so before long: the server writes statistics later."""
    for _ in range(100):
        if lab.told("rollback_rate").startswith(status):
            return True
        if status == "PASS":
            lab.run(*[COMMIT] * 20)
        time.sleep(0.02)
    return False


def test_more_than_a_tenth_is_a_warning_until_it_is_less(rolled_back):
    assert soon(rolled_back, "WARN")
    rolled_back.mend("rollback_rate")
    assert soon(rolled_back, "PASS")


def test_few_transactions_say_nothing(rolled_back, monkeypatch):
    assert soon(rolled_back, "WARN")
    monkeypatch.setattr(rollback_rate, "FEWEST", 1_000_000)
    assert "too few to say" in rolled_back.told("rollback_rate")
