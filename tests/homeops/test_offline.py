"""``--sql`` prints a script that psql runs to the same schema and the same data."""

import pytest

from rollout.catalog import diff
from tests.versions.psql import psql

pytestmark = pytest.mark.slow
WHERE = "SELECT version_num FROM migrations.homeops_version"
JOURNAL = """
    SELECT version, description, migration_file, checksum, status
    FROM migrations.schema_versions ORDER BY version
"""


@pytest.fixture
def run_script(run_homeops):
    def run(database, command, revisions):
        done = psql(database.url, run_homeops(None, command, revisions, sql=True))
        assert done.returncode == 0, done.stderr

    return run


def same_but_for_chance(rows):
    """Rows that a revision makes have ids and times of their own."""
    return {table: len(found) for table, found in rows.items()}


def test_the_whole_upgrade_gives_the_same_catalog_and_journal(
    empty_database, open_database, homeops, run_script
):
    offline = open_database(empty_database)
    run_script(offline, "upgrade", "head")
    everything = (*homeops.ours, "auth", "extensions", "public")
    assert diff(homeops.snapshot(everything), offline.snapshot(everything)) == []
    assert offline.rows(JOURNAL) == homeops.rows(JOURNAL)
    assert offline.rows(WHERE) == homeops.rows(WHERE)
    assert same_but_for_chance(offline.contents()) == same_but_for_chance(
        homeops.contents()
    )


def test_down_and_up_by_script_has_every_row_and_the_same_catalog(lived_in, run_script):
    catalog, rows = lived_in.snapshot(), lived_in.contents()
    run_script(lived_in, "downgrade", "head:base")
    assert lived_in.contents() == {}
    run_script(lived_in, "upgrade", "head")
    assert diff(catalog, lived_in.snapshot()) == []
    assert lived_in.contents() == rows


def test_what_was_downgraded_online_is_upgraded_by_a_script_and_back(
    lived_in, run_homeops, run_script
):
    catalog, rows = lived_in.snapshot(), lived_in.contents()
    run_homeops(lived_in.url, "downgrade", "000")
    run_script(lived_in, "upgrade", "000:head")
    assert diff(catalog, lived_in.snapshot()) == []
    run_script(lived_in, "downgrade", "head:000")
    run_homeops(lived_in.url, "upgrade", "head")
    assert diff(catalog, lived_in.snapshot()) == []
    assert lived_in.contents() == rows
