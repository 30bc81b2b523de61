"""Up, down and up again: no trace in the catalog, no row lost."""

import pytest

from rollout.catalog import diff
from tests.versions.revisions import REVISIONS, before
from tests.versions.rows import fill_new_tables, legacy

REST = ("public", "migrations")
"""All schemas but the one in which downgrades park."""


def lost(before, after):
    """Table to rows that are in ``before`` and no longer in ``after``."""
    gone = {table: set(rows) - set(after[table]) for table, rows in before.items()}
    return {table: rows for table, rows in gone.items() if rows}


@pytest.fixture
def round_trip(at, open_database, empty_database, alembic_run):
    """A database before a revision, with rows in it; and a way up and down."""

    def prepare(revision):
        previous = before(revision)
        if previous == "base":
            database = open_database(empty_database)
            alembic_run(database.url, "upgrade", revision)
            alembic_run(database.url, "downgrade", previous)
        else:
            database = at(previous)
        users = legacy(database)
        fill_new_tables(database, users[0])
        return database

    return prepare


@pytest.mark.parametrize("revision", REVISIONS)
def test_up_down_up_leaves_no_trace_and_has_every_row(
    round_trip, alembic_run, revision
):
    database = round_trip(revision)
    below, rows_below = database.snapshot(REST), database.contents(REST)
    alembic_run(database.url, "upgrade", revision)
    fill_new_tables(database, database.user())
    above, rows_above = database.snapshot(), database.contents()

    alembic_run(database.url, "downgrade", before(revision))
    assert diff(below, database.snapshot(REST)) == []
    assert lost(rows_below, database.contents(REST)) == {}

    alembic_run(database.url, "upgrade", revision)
    assert diff(above, database.snapshot()) == []
    assert database.contents() == rows_above


def test_all_the_way_down_and_up_has_every_row(head, alembic_run):
    users = legacy(head)
    for user in users[:3]:
        fill_new_tables(head, user)
    head.run(
        "UPDATE user_onboarding SET onboarding_version = 2, primary_provider = 'plaid' "
        "WHERE user_id = %s",
        users[1],
    )
    first, rows = head.snapshot(), head.contents()
    alembic_run(head.url, "downgrade", "base")
    assert head.contents()["user_onboarding"] != rows["user_onboarding"]
    alembic_run(head.url, "upgrade", "head")
    assert diff(first, head.snapshot()) == []
    assert head.contents() == rows


def test_downgrading_all_the_way_drops_none_of_the_existing_tables(at, alembic_run):
    database = at("baseline")
    legacy(database)
    before_it, rows = database.snapshot(REST), database.contents(REST)
    alembic_run(database.url, "upgrade", "head")
    alembic_run(database.url, "downgrade", "base")
    assert diff(before_it, database.snapshot(REST)) == []
    assert database.contents(REST) == rows


def test_parked_rows_are_those_that_were_there(head, alembic_run):
    fill_new_tables(head, head.user())
    rows = head.contents()
    alembic_run(head.url, "downgrade", "baseline")
    parked = {
        k.removeprefix("parked."): v for k, v in head.contents(["parked"]).items()
    }
    for table in set(rows) - {"user_onboarding"}:
        if table in parked:
            assert parked[table] == rows[table]
    assert set(parked) >= set(rows) - {
        "user_onboarding", "user_bank_connections", "user_transfers",
        "user_personalization", "auth.users", "auth.sessions",
    }  # fmt: skip


def test_a_user_deleted_meanwhile_disappears_from_what_is_parked(head, alembic_run):
    gone, stays = head.user(), head.user()
    for user in (gone, stays):
        fill_new_tables(head, user)
    alembic_run(head.url, "downgrade", "baseline")
    head.delete_user(gone)
    for table, rows in head.contents(["parked"]).items():
        assert not any(str(gone) in row for row in rows), table
        assert any(str(stays) in row for row in rows) or not rows, table
    alembic_run(head.url, "upgrade", "head")
    assert head.value("SELECT count(*) FROM user_investment_transactions") == 2
