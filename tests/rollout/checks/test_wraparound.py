import pytest

from rollout.checks import wraparound


@pytest.fixture
def old(lab, monkeypatch):
    """Limits so low that a database just made is already old."""
    monkeypatch.setattr(wraparound, "WARN_AGE", 1)
    return lab


def test_an_old_database_is_a_warning_with_its_tables(old, monkeypatch):
    said = old.told("wraparound")
    assert said.startswith("WARN\n")
    assert "database template0" in said
    assert "VACUUM (FREEZE);" in said
    monkeypatch.setattr(wraparound, "WARN_AGE", 1_000_000)
    assert old.status("wraparound") == "PASS"


def test_a_very_old_one_fails(old, monkeypatch):
    monkeypatch.setattr(wraparound, "FAIL_AGE", 2)
    assert old.status("wraparound") == "FAIL"


def test_freezing_makes_a_database_young_again(old):
    name = old.value("SELECT current_database()")
    age = f"SELECT age(datfrozenxid) FROM pg_database WHERE datname = '{name}'"
    before = old.value(age)
    old.mend("wraparound")
    assert old.value(age) < before
