from types import SimpleNamespace

from rollout import database
from rollout.checks import connection


def test_a_direct_connection_passes(lab):
    assert lab.told("connection") == "PASS\ndirect"


def test_a_pooler_is_a_warning(lab, monkeypatch):
    monkeypatch.setattr(database, "is_pooled", lambda connection: True)
    assert lab.status("connection") == "WARN"


def test_the_port_of_the_transaction_pooler_is_a_warning(monkeypatch):
    monkeypatch.setattr(database, "is_pooled", lambda connection: False)
    target = SimpleNamespace(url=SimpleNamespace(port=6543))
    (finding,) = connection.run(SimpleNamespace(target=target, connection=None))
    assert finding.status == "WARN"
    assert "5432" in finding.remedy[0]
