"""Up, down and up again: no trace in the catalog, no row lost."""

import pytest

from rollout.catalog import diff
from tests.homeops.history import OURS, REVISIONS, SCHEMAS, before
from tests.versions.test_roundtrip import lost

REST = [schema for schema in OURS if schema != "parked"]
"""All schemas but the one in which downgrades park."""


@pytest.mark.parametrize("revision", REVISIONS)
def test_up_down_up_leaves_no_trace_and_has_every_row(lived_in, run_homeops, revision):
    database, below = lived_in, before(revision)
    run_homeops(database.url, "downgrade", revision)
    above, rows = database.snapshot(), database.contents()
    run_homeops(database.url, "downgrade", below)
    beneath, rows_beneath = database.snapshot(REST), database.contents()
    run_homeops(database.url, "upgrade", revision)
    assert diff(above, database.snapshot()) == []
    assert database.contents() == rows
    run_homeops(database.url, "downgrade", below)
    assert diff(beneath, database.snapshot(REST)) == []
    assert lost(rows_beneath, database.contents()) == {}


def test_all_the_way_down_and_up_has_every_row(lived_in, run_homeops):
    catalog, rows = lived_in.snapshot(), lived_in.contents()
    run_homeops(lived_in.url, "downgrade", "base")
    assert set(lived_in.contents(["parked"])) >= {
        f"parked.{table.partition('.')[2]}" for table in rows
    } - {"parked.transactions_old"}  # it has taken its place again
    assert lived_in.contents() == {}
    run_homeops(lived_in.url, "upgrade", "head")
    assert diff(catalog, lived_in.snapshot()) == []
    assert lived_in.contents() == rows


@pytest.mark.slow
def test_what_others_put_into_a_schema_keeps_it(homeops, run_homeops):
    homeops.run("CREATE TABLE media.theirs AS SELECT 1 AS one")
    run_homeops(homeops.url, "downgrade", "000")
    assert homeops.value("SELECT one FROM media.theirs") == 1
    assert homeops.value("SELECT to_regnamespace('core') IS NULL")
    run_homeops(homeops.url, "upgrade", "head")
    assert set(homeops.contents()) > {"media.theirs", "media.items"}


def test_every_table_of_the_history_has_rows_in_these_tests(lived_in):
    assert {table.partition(".")[0] for table in lived_in.contents()} == set(SCHEMAS)
    assert [table for table, rows in lived_in.contents().items() if not rows] == []
