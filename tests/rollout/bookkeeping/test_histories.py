"""One database, one history: another one is refused, and nothing is changed."""

import pytest

from rollout.bookkeeping.histories import OtherHistory
from rollout.catalog import diff
from rollout.commands.target import Target
from tests.commands import ROOT, alembic_cli, alembic_run
from tests.homeops.history import SECTION
from tests.versions.database import Database
from tests.versions.psql import psql

EVERYTHING = ("public", "core", "financial", "media", "migrations", "parked")
SECTIONS = {"alembic": "alembic_version", SECTION: "homeops_version"}
each_way = pytest.mark.parametrize(
    ("theirs", "ours"), [("alembic", SECTION), (SECTION, "alembic")]
)


@pytest.fixture
def carrying(databases, connect):
    """Make a database that carries a section's history."""

    def make(section):
        first = {"alembic": "baseline", SECTION: "000"}[section]

        def fill(url):
            alembic_run(url, "upgrade", first, section=section)

        template = databases.template(f"carrying {section}", fill)
        return Database(databases.make(template), connect)

    return make


@each_way
@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("upgrade", ["head"]),
        ("downgrade", ["-1"]),
        ("stamp", ["head"]),
        ("check", []),
        ("current", []),
    ],
)
def test_another_history_is_refused_by_every_command(
    carrying, theirs, ours, command, arguments
):
    database = carrying(theirs)
    before = database.snapshot(EVERYTHING)
    with pytest.raises(OtherHistory, match="Nothing was changed") as refused:
        alembic_run(database.url, command, *arguments, section=ours)
    assert (refused.value.theirs, refused.value.table) == (theirs, SECTIONS[theirs])
    assert diff(before, database.snapshot(EVERYTHING)) == []


@each_way
def test_a_printed_script_refuses_it_too(carrying, theirs, ours):
    database = carrying(theirs)
    before = database.snapshot(EVERYTHING)
    script = alembic_run(None, "upgrade", "head", section=ours, sql=True)
    done = psql(database.url, script)
    assert done.returncode != 0
    assert f"carries another history (migrations.{SECTIONS[theirs]})" in done.stderr
    assert diff(before, database.snapshot(EVERYTHING)) == []


@each_way
def test_rollout_says_whose_it_is_and_how_to_reach_it(carrying, theirs, ours):
    database = carrying(theirs)
    target = Target(str(ROOT / "alembic.ini"), ours, database_url=database.url)
    with target.connect() as connection, pytest.raises(OtherHistory) as refused:
        target.current(connection)
    assert f"rollout --schema {theirs}" in str(refused.value)
    assert "DATABASE_URL" in str(refused.value)


def test_one_that_no_section_names_is_refused_as_well(empty_database, connect):
    database = Database(empty_database, connect)
    database.run("CREATE SCHEMA migrations")
    database.run("CREATE TABLE migrations.shop_version (version_num varchar(32))")
    with pytest.raises(OtherHistory, match="carries another history") as refused:
        alembic_run(database.url, "upgrade", "head")
    assert refused.value.theirs is None


def test_other_tables_in_the_bookkeeping_schema_are_no_history(empty_database, connect):
    database = Database(empty_database, connect)
    database.run("CREATE SCHEMA migrations")
    database.run("CREATE TABLE migrations.notes (version_num text, said text)")
    alembic_run(database.url, "upgrade", "baseline")


def test_the_command_line_says_it_without_a_traceback(carrying):
    done = alembic_cli(carrying(SECTION).url, "upgrade", "head")
    assert done.returncode == 1
    assert "carries the history of 'homeops'" in done.stderr
    assert "Traceback" not in done.stderr
