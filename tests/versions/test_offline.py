"""``--sql`` prints a script that psql runs to the same schema and the same data."""

import pglast
import pytest

from rollout.catalog import diff
from tests.versions.psql import psql
from tests.versions.rows import fill_new_tables, legacy

WHERE = "SELECT version_num FROM migrations.alembic_version"
JOURNAL = """
    SELECT version, description, migration_file, checksum, status
    FROM migrations.schema_versions ORDER BY version
"""
REJECTS = """
    SELECT revision, source_table, source_id, reason, row_data::text
    FROM migrations.backfill_rejects ORDER BY source_id
"""


@pytest.fixture
def run_script(alembic_run):
    """Print the script of a command, run it with psql."""

    def run(database, command, revisions):
        script = alembic_run(None, command, revisions, sql=True)
        done = psql(database.url, script)
        assert done.returncode == 0, done.stderr

    return run


@pytest.fixture
def twins(at, make_database, open_database):
    """Two databases with the same rows at a revision."""

    def make(revision):
        one = at(revision)
        users = legacy(one)
        fill_new_tables(one, users[0])
        return one, one.copy(make_database, open_database)

    return make


def assert_same(online, offline):
    assert diff(online.snapshot(), offline.snapshot()) == []
    assert offline.contents() == online.contents()
    assert offline.rows(REJECTS) == online.rows(REJECTS)
    assert offline.rows(JOURNAL) == online.rows(JOURNAL)


def test_the_whole_upgrade_gives_the_same_catalog(
    empty_database, open_database, head, run_script
):
    offline = open_database(empty_database)
    run_script(offline, "upgrade", "head")
    everything = ("public", "auth", "migrations", "parked")
    assert diff(head.snapshot(everything), offline.snapshot(everything)) == []
    assert offline.rows(JOURNAL) == head.rows(JOURNAL)
    assert offline.rows(WHERE) == head.rows(WHERE)


def test_an_upgrade_carries_the_same_rows(twins, alembic_run, run_script):
    online, offline = twins("baseline")
    alembic_run(online.url, "upgrade", "head")
    run_script(offline, "upgrade", "baseline:head")
    assert offline.value("SELECT count(*) FROM user_investment_accounts") == 7
    assert offline.value("SELECT count(*) FROM migrations.backfill_rejects") == 3
    assert_same(online, offline)


def test_a_downgrade_gives_the_same_catalog_and_rows(twins, alembic_run, run_script):
    online, offline = twins("head")
    alembic_run(online.url, "downgrade", "base")
    run_script(offline, "downgrade", "head:base")
    assert_same(online, offline)
    assert offline.contents(["parked"]) == online.contents(["parked"])


def test_an_upgrade_after_a_downgrade_brings_every_row_back(
    twins, alembic_run, run_script
):
    online, offline = twins("head")
    online.run("UPDATE user_onboarding SET onboarding_version = 2")
    offline.run("UPDATE user_onboarding SET onboarding_version = 2")
    rows = offline.contents()
    run_script(offline, "downgrade", "head:base")
    run_script(offline, "upgrade", "head")
    alembic_run(online.url, "downgrade", "base")
    alembic_run(online.url, "upgrade", "head")
    assert_same(online, offline)
    assert offline.contents() == rows


def test_what_was_downgraded_online_is_upgraded_by_a_script(
    twins, alembic_run, run_script
):
    _, database = twins("head")
    catalog, rows = database.snapshot(), database.contents()
    alembic_run(database.url, "downgrade", "003")
    run_script(database, "upgrade", "003:head")
    assert diff(catalog, database.snapshot()) == []
    assert database.contents() == rows


def test_a_script_can_be_upgraded_further_online(twins, alembic_run, run_script):
    online, offline = twins("baseline")
    alembic_run(online.url, "upgrade", "head")
    run_script(offline, "upgrade", "baseline:004")
    alembic_run(offline.url, "upgrade", "head")
    assert_same(online, offline)


def test_a_script_refuses_a_database_that_stands_elsewhere(at, alembic_run):
    database = at("004")
    before_it = database.snapshot()
    done = psql(database.url, alembic_run(None, "upgrade", "005:head", sql=True))
    assert done.returncode != 0
    assert "starts at 005, but the database is at 004" in done.stderr
    assert diff(before_it, database.snapshot()) == []


@pytest.mark.parametrize(
    ("command", "revisions"), [("upgrade", "head"), ("downgrade", "head:base")]
)
def test_nothing_but_sql_is_on_stdout(alembic_cli, command, revisions):
    done = alembic_cli(None, command, revisions, "--sql")
    assert done.returncode == 0
    assert len(pglast.parse_sql(done.stdout)) > 20
