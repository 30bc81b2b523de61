import sqlalchemy as sa

from rollout.checks import server_version


def test_the_servers_version_is_told(lab):
    assert lab.told("server_version").startswith("PASS\nPostgreSQL 1")


def test_an_old_server_fails(lab, monkeypatch):
    monkeypatch.setattr(server_version, "OLDEST_SERVER", 990_000)
    assert lab.status("server_version") == "FAIL"


def test_a_server_newer_than_the_tests_is_a_warning(lab, monkeypatch):
    monkeypatch.setattr(server_version, "NEWEST_TRIED", 14)
    assert lab.status("server_version") == "WARN"


def test_a_read_only_database_fails_until_it_is_writable_again(lab):
    name = f'"{sa.make_url(lab.url).database}"'
    lab.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert lab.status("server_version") == "FAIL"
    lab.run(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    assert lab.status("server_version") == "PASS"
