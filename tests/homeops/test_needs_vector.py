"""3.0.0 where pgvector cannot serve it: refused before anything is made."""

import pytest

from rollout.errors import RolloutError
from tests.homeops.history import has_vector

pytestmark = pytest.mark.slow
AT = "SELECT version_num FROM migrations.homeops_version"
UNUSABLE = [
    ("ALTER EXTENSION vector SET SCHEMA public", "in schema public, not in schema ext"),
    ("UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'",
     "0.7.4 is too old: 3.0.0 needs 0.8 or later"),
]  # fmt: skip


def refused(database, run_homeops, said):
    before = database.snapshot()
    with pytest.raises(RolloutError, match=said):
        run_homeops(database.url, "upgrade", "060")
    assert database.value(AT) == "052"
    assert database.value("SELECT to_regnamespace('ai') IS NULL")
    assert database.snapshot() == before


@pytest.mark.parametrize(("change", "said"), UNUSABLE)
def test_a_pgvector_that_does_not_fit_is_refused_and_named(
    homeops_at, run_homeops, databases, change, said
):
    if not has_vector(databases.server):
        pytest.skip("this server has no pgvector at all")
    database = homeops_at("052")
    database.run(change)
    refused(database, run_homeops, said)


def test_a_server_without_pgvector_stays_at_the_release_before(
    homeops_at, run_homeops, databases
):
    if has_vector(databases.server):
        pytest.skip("this server has pgvector; PG=system has none")
    database = homeops_at("052")
    refused(database, run_homeops, "vector is not to be had here, and nothing stands")
