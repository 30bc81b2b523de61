"""Bookkeeping that somebody dropped: told by every command, and the remedy is one."""

import re
import shlex

import pytest

from rollout.bookkeeping.damage import BookkeepingDamaged, OtherLog
from tests.rollout.commands.test_cli import EVERY, parts

DAMAGES = {
    "a table": (
        "DROP TABLE migrations.schema_versions",
        "migrations.schema_versions",
    ),
    "a column": (
        "ALTER TABLE migrations.unfinished DROP COLUMN since",
        "migrations.unfinished.since",
    ),
    "rejects": (
        "DROP TABLE migrations.backfill_rejects CASCADE",
        "migrations.backfill_rejects",
    ),
    "the place": (
        "DROP TABLE migrations.alembic_version",
        "the row of migrations.alembic_version",
    ),
    "the place's row": (
        "DELETE FROM migrations.alembic_version",
        "the row of migrations.alembic_version",
    ),
    "place and journal": (
        "DROP TABLE migrations.alembic_version, migrations.schema_versions",
        "migrations.schema_versions",
    ),
    "everything": ("DROP SCHEMA migrations CASCADE", "schema migrations"),
}


@pytest.fixture
def damaged(head_database, database):
    def damage(name):
        database(head_database).run(DAMAGES[name][0])
        return head_database

    return damage


@pytest.mark.parametrize("name", DAMAGES)
def test_alembic_refuses_damaged_bookkeeping(name, damaged, alembic_run):
    url = damaged(name)
    for command, target in (("upgrade", "head"), ("downgrade", "-1")):
        with pytest.raises(BookkeepingDamaged) as refused:
            alembic_run(url, command, target)
        assert refused.value.missing == [DAMAGES[name][1]]


@pytest.mark.slow
def test_every_command_tells_of_damaged_bookkeeping(damaged, rollout, database):
    url = damaged("a table")
    before = database(url).snapshot()
    for name in EVERY.keys() - {"backup", "seed"}:  # both work without it
        done = rollout(url, *EVERY[name])
        assert done.status == 1, name
        assert "Missing: migrations.schema_versions." in done.err, name
        assert "rollout check" in parts(done.err)[-1]
        assert "permission" not in done.err
    assert database(url).snapshot() == before


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(DAMAGES.keys() - {"rejects", "the place"}))
def test_what_the_message_proposes_brings_it_back(
    name, damaged, rollout, alembic_run, database, tmp_path_factory, monkeypatch
):
    cache = tmp_path_factory.getbasetemp() / "catalogs"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    url = damaged(name)
    proposed = re.findall(r"^    (.+)$", rollout(url, "status").err, re.MULTILINE)
    assert proposed[0] == "rollout backup"
    for line in proposed[1:]:
        program, *words = shlex.split(line)
        if program == "DROP":
            database(url).run(line)
        elif program == "alembic":
            command, *options, revision = words
            alembic_run(url, command, revision, purge="--purge" in options)
        else:
            asked = {"rollback": "--yes", "deploy": "--no-backup"}
            words += [asked[words[0]]] if words[0] in asked else []
            done = rollout(url, *words)
            assert done.status == 0 or words == ["check", "catalog-drift"], done.err
    assert rollout(url, "check").status == 0
    assert rollout(url, "status", "--json").json["current"] == "010"
    assert "there is nothing to purge" in rollout(url, "purge", "--yes").out


def test_a_table_that_has_the_logs_name_is_told_and_left_alone(
    empty_database, database, rollout, alembic_run
):
    here = database(empty_database)
    here.run("CREATE TABLE public.migration_log (id int, note text)")
    with pytest.raises(OtherLog, match="lacks migration_file, operation, success"):
        alembic_run(empty_database, "upgrade", "head")
    for name in ("status", "plan"):
        done = rollout(empty_database, name)
        assert done.status == 1
        assert "RENAME TO migration_log_before;" in parts(done.err)[-1]
    assert here.value("SELECT to_regnamespace('migrations') IS NULL")
    here.run(parts(done.err)[-1])
    alembic_run(empty_database, "upgrade", "head")
    assert here.value("SELECT count(*) FROM public.migration_log_before") == 0


def test_the_next_run_makes_a_dropped_schema_parked_again(
    head_database, database, alembic_run
):
    here = database(head_database)
    here.run("DROP SCHEMA parked CASCADE")
    alembic_run(head_database, "downgrade", "008")
    assert here.value("SELECT to_regclass('parked.user_onboarding__009') IS NOT NULL")
