"""Every command once on HomeOps: one story on one database."""

import shutil
import uuid

import pytest
import sqlalchemy as sa

from rollout.commands import COMMANDS
from tests.commands import ROOT
from tests.homeops.history import SECTION, need_vector
from tests.rollout.commands.conftest import rollout  # noqa: F401 - a fixture

BOOKED = "SELECT count(*) FROM financial.transactions"
STANDS = "SELECT version_num FROM migrations.homeops_version"
HISTORY = "SELECT count(*) FROM media.viewing_history"

pytestmark = pytest.mark.slow


@pytest.fixture
def run(rollout, empty_database):  # noqa: F811
    """Run a command; it is done, or the test fails with what it said."""

    def done(*arguments, url=empty_database):
        done.called.add(arguments[0])
        ended = rollout(url, "--schema", SECTION, *arguments)
        assert ended.status == 0, f"{arguments}: {ended.out}{ended.err}"
        return ended

    done.called = set()
    return done


def test_every_command_does_its_work(
    run, databases, empty_database, open_database, tmp_path, monkeypatch
):
    need_vector(databases.server)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    here = open_database(empty_database)
    before = str(tmp_path / "before.dump")

    # The roll-out, over both complex changes.
    assert "25 pending" in run("plan").out
    run("deploy", "005", "--no-backup")
    run("seed", "production")
    assert here.value("SELECT count(*) FROM core.users") == 0
    run("deploy", "--backup-to", before)
    assert "before.dump is good" in run("verify", before).out
    assert here.value(STANDS) == "070"

    # A look around.
    assert "rows put into" in run("seed", "dev").out
    owner = here.value("SELECT id FROM media.libraries LIMIT 1")
    file = tmp_path / "items.csv"
    file.write_text(f"id,title,type,library_id\n{uuid.uuid4()},Film,movie,{owner}\n")
    run("seed", "--import", str(file), "--table", "media.items")
    assert run("status", "--json").json["current"] == "070"
    assert "exact amounts" in run("history").out
    assert "0 FAIL" in run("check").out
    assert "0 FAIL" in run("doctor").out
    assert "runner       none at work" in run("monitor", "--once").out
    assert "0 FAIL" in run("maintain", "weekly", "--backup", before).out
    assert "0 FAIL" in run("maintain", "monthly").out

    # Damage and repair.
    after, booked = str(tmp_path / "after.dump"), here.value(BOOKED)
    run("backup", "--to", after)
    here.run("DELETE FROM financial.transactions")
    monkeypatch.setenv("INTO", empty_database)
    name = sa.make_url(empty_database).database
    into = ("--into", "$INTO", "--replace", name, "--no-backup")
    run("restore-backup", after, *into, url=None)
    assert here.value(BOOKED) == booked > 0
    assert "0 FAIL" in run("check").out

    # The way back.
    head, watched = here.snapshot(), here.value(HISTORY)
    run("rollback", "--only", "viewing_history", "--yes")
    assert here.value("SELECT to_regclass('media.viewing_history') IS NULL")
    run("restore", "viewing_history")
    assert (here.value(HISTORY), here.snapshot()) == (watched, head)
    run("rollback", "005", "--yes")
    assert (here.value(STANDS), here.value(BOOKED)) == ("005", booked)
    run("deploy", "--no-backup")
    assert (here.value(BOOKED), here.snapshot()) == (booked, head)
    run("rollback", "--emergency", "--yes")
    assert here.value(STANDS) == "005"
    assert "parked.order_lines" in run("purge", "--yes").out
    parked = "SELECT count(*) FROM pg_class WHERE relnamespace = 'parked'::regnamespace"
    assert here.value(parked) == 0

    # Those that need no database.
    shutil.copy(ROOT / "alembic.ini", tmp_path)
    shutil.copytree(ROOT / "alembic", tmp_path / "alembic")
    config = ("--config", str(tmp_path / "alembic.ini"))
    run("new", "add a thing", *config, url=None)
    assert list((tmp_path / "alembic" / SECTION).glob("071_v4_1_0_add_a_thing.py"))
    run("export", "supabase", str(tmp_path / "supabase"), url=None)
    assert len(list((tmp_path / "supabase").iterdir())) == 25

    assert run.called == set(COMMANDS)
