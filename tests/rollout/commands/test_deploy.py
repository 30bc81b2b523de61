"""deploy: checks, backup, upgrade, validation, summary; and where it stops."""

import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from rollout import backup
from rollout.commands import preflight, preflight_looks, rollback_rate
from rollout.commands.target import Target
from rollout.embedded import url_text
from rollout.errors import RolloutError
from tests.versions import rows

PLAIN = ("deploy", "--no-backup")


def checks(url):
    target = Target(database_url=url)
    with target.connect() as connection:
        found = preflight.checks(target, connection, [])
    return {check.name: check.status for check in found}


@pytest.fixture
def blocked(connect):
    """Hold a lock on the old application's table."""

    def hold(url):
        holder = connect(url)
        holder.cursor().execute("LOCK TABLE public.user_onboarding IN SHARE MODE")
        return holder

    return hold


def test_everything_is_applied_and_validated(
    rollout, empty_database, head_database, database
):
    done = rollout(empty_database, *PLAIN)
    assert done.status == 0, done.err
    assert "stands at 010 (1.9.0)" in done.out
    assert "rls_policies" in done.out
    expected = database(head_database).snapshot()
    assert database(empty_database).snapshot() == expected


def test_the_summary_has_a_duration_for_each_revision(rollout, database_at):
    done = rollout(database_at("007"), *PLAIN, "--json")
    assert [a["revision"] for a in done.json["applied"]] == ["008", "009", "010"]
    assert all(a["duration_ms"] > 0 for a in done.json["applied"])
    assert {v["status"] for v in done.json["validation"]} == {"PASS"}


def test_it_stops_at_the_target(rollout, database_at, database):
    url = database_at("004")
    assert rollout(url, "deploy", "1.5.0", "--no-backup").status == 0
    assert (
        database(url).value("SELECT version_num FROM migrations.alembic_version")
        == "006"
    )


def test_on_supabase_as_its_owner(rollout, supabase, database):
    here = database(supabase, "supabase_auth_admin")
    users = rows.legacy(here)
    done = rollout(supabase, *PLAIN)
    assert done.status == 0, done.err
    accounts = here.value("SELECT count(*) FROM public.user_investment_accounts")
    assert 0 < accounts <= len(users)


def test_a_dry_run_changes_nothing(rollout, database_at, database):
    url = database_at("004")
    before = database(url).snapshot(), database(url).contents(("public", "migrations"))
    done = rollout(url, "deploy", "--dry-run")
    assert done.status == 0
    assert "Pre-flight checks" in done.out
    assert "6 pending" in done.out
    after = database(url).snapshot(), database(url).contents(("public", "migrations"))
    assert before == after


def test_nothing_pending_makes_no_backup(rollout, head_database, monkeypatch):
    monkeypatch.setattr(backup, "create", lambda *_: pytest.fail("a backup"))
    done = rollout(head_database, "deploy")
    assert done.status == 0
    assert "Nothing was pending" in done.out


def test_the_backup_comes_first(rollout, database_at, database, monkeypatch):
    url = database_at("009")
    stood = []

    def create(target, path=None):
        here = database(url)
        stood.append(here.value("SELECT version_num FROM migrations.alembic_version"))
        return SimpleNamespace(path=Path("x.dump"), seconds=1.0)

    monkeypatch.setattr(backup, "create", create)
    done = rollout(url, "deploy", "--json")
    assert stood == ["009"]
    assert done.json["backup"] == "x.dump"


def test_without_its_backup_nothing_is_applied(
    rollout, database_at, database, monkeypatch
):
    url = database_at("009")

    def create(target, path=None):
        raise RolloutError("the disk is full.\nNothing was changed.\nFree space.")

    monkeypatch.setattr(backup, "create", create)
    done = rollout(url, "deploy")
    assert done.status == 1
    assert "the disk is full" in done.err
    assert (
        database(url).value("SELECT version_num FROM migrations.alembic_version")
        == "009"
    )


def test_a_failure_says_what_is_done_and_how_to_go_on(rollout, database_at, blocked):
    url = database_at("007")
    holder = blocked(url)
    done = rollout(url, *PLAIN, "-x", "lock_wait_s=0.3")
    assert done.status == 1
    assert "could not lock public.user_onboarding" in done.err
    assert f"pid {holder.info.backend_pid}" in done.err
    assert "Done in this run: 008." in done.err
    assert "stands at 008 (1.7.0), 2 pending" in done.err
    assert "To take this run back: rollout rollback 007" in done.err
    holder.rollback()
    assert rollout(url, *PLAIN).status == 0


def test_a_failed_validation_ends_with_1(rollout, head_database, database):
    database(head_database).run(
        "ALTER TABLE public.user_aggregated_holdings DISABLE ROW LEVEL SECURITY"
    )
    done = rollout(head_database, *PLAIN)
    assert done.status == 1
    assert "validation failed: rls_policies" in done.err


FAILING = """
import sys, psycopg2
connection = psycopg2.connect(sys.argv[1])
cursor = connection.cursor()
print("begins", flush=True)
while True:
    for how in (connection.rollback, connection.commit, connection.commit):
        cursor.execute("SELECT count(*) FROM migrations.alembic_version")
        how()
"""


@pytest.fixture
def failing_application():
    """A process that rolls back a third of its transactions, until it is ended."""
    started = []

    def start(url):
        dsn = url_text(sa.make_url(url))
        process = subprocess.Popen(
            [sys.executable, "-c", FAILING, dsn], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout.readline() == "begins\n"

    yield start
    for process in started:
        process.kill()
        process.communicate()


RATED = (*PLAIN, "--max-rollback-rate")


def test_an_application_that_rolls_back_stops_it_before_the_next_revision(
    rollout, database_at, database, failing_application
):
    url = database_at("006")
    failing_application(url)
    done = rollout(url, *RATED, "10")
    assert done.status == 1
    assert "stopped: the application rolls back" in done.err
    assert "more than 10 %" in done.err
    assert "Done in this run: 007." in done.err
    assert "stands at 007 (1.6.0), 3 pending." in done.err
    assert "Nothing is half done. To go on, run the same command again." in done.err
    assert "To take this run back: rollout rollback 006" in done.err
    here = "SELECT version_num FROM migrations.alembic_version"
    assert database(url).value(here) == "007"


def test_a_rate_below_the_limit_does_not_stop_it(
    rollout, database_at, failing_application
):
    url = database_at("008")
    failing_application(url)
    done = rollout(url, *RATED, "60")
    assert (done.status, "the application rolls back" in done.err) == (0, False)


def test_after_the_last_revision_there_is_nothing_to_stop_but_it_is_said(
    rollout, database_at, failing_application
):
    url = database_at("009")
    failing_application(url)
    done = rollout(url, *RATED, "10")
    assert done.status == 0, done.err
    assert "notice: the application rolls back" in done.err
    assert "stands at 010 (1.9.0)" in done.out


def test_a_quiet_application_does_not_stop_it(rollout, empty_database, monkeypatch):
    monkeypatch.setattr(rollback_rate, "COUNTED_AFTER_S", 0)
    done = rollout(empty_database, *RATED, "0")
    assert done.status == 0, done.err


@pytest.mark.parametrize("limit", ["ten", "-1", "nan", "inf", ""])
def test_a_limit_that_is_none_is_refused(rollout, limit):
    done = rollout(None, *PLAIN, f"--max-rollback-rate={limit}")
    assert done.status == 2
    assert "is no number of percent, as in 10" in done.err


@pytest.mark.parametrize(
    "item",
    [
        "Backup creation", "Test environment", "Rollback plan", "Monitoring",
        "Team notification", "Performance impact", "Data Validation", "Application",
        "Row level security", "Indexes", "Performance",
    ],
)  # fmt: skip
def test_the_check_list_has_what_the_specifications_ask(rollout, item):
    done = rollout(None, "deploy", "--checklist")
    assert f"- [ ] **{item.lower()}" in done.out.lower()
    assert done.out.startswith("# ")


class TestPreflight:
    def test_a_good_database_passes(self, database_at):
        assert set(checks(database_at("004")).values()) == {"PASS", "NOTE"}

    def test_a_read_only_database_fails(self, database_at, database, rollout):
        url = database_at("004")
        name = database(url).value("SELECT current_database()")
        database(url).run(
            f"ALTER DATABASE {name} SET default_transaction_read_only = on"
        )
        assert checks(url)["server"] == "FAIL"
        done = rollout(url, *PLAIN)
        assert done.status == 1
        assert "not started: 1 pre-flight check failed (server)" in done.err

    def test_a_role_without_rights_fails(self, database_at, database, rollout):
        url = database_at("004")
        here = database(url)
        here.run("CREATE ROLE weak LOGIN")
        here.run("GRANT USAGE ON SCHEMA migrations, parked TO weak")
        here.run("GRANT SELECT ON ALL TABLES IN SCHEMA migrations, public TO weak")
        try:
            weak = url.replace("postgres@", "weak@", 1)
            done = rollout(weak, *PLAIN)
        finally:
            here.run("DROP OWNED BY weak")
            here.run("DROP ROLE weak")
        assert done.status == 1
        assert "lacks CREATE on the database" in done.out

    def test_a_long_transaction_is_warned_of(self, database_at, blocked, monkeypatch):
        url = database_at("004")
        blocked(url)
        monkeypatch.setattr(preflight_looks, "LONG_S", 0.05)
        time.sleep(0.1)
        assert checks(url)["long transactions"] == "WARN"

    def test_a_half_done_downgrade_fails(self, database_at, database, rollout):
        url = database_at("009")
        database(url).run(
            "INSERT INTO migrations.unfinished (revision, direction) "
            "VALUES ('009', 'downgrade')"
        )
        assert checks(url)["half done"] == "FAIL"
        assert "finish it: rollout rollback" in rollout(url, *PLAIN).err

    def test_a_half_done_upgrade_goes_on(self, database_at, database, rollout):
        url = database_at("008")
        database(url).run(
            "INSERT INTO migrations.unfinished (revision, direction) "
            "VALUES ('009', 'upgrade')"
        )
        assert checks(url)["half done"] == "NOTE"
        assert "The upgrade of 009 is half done" in rollout(url, "status").out
        assert rollout(url, *PLAIN).status == 0
        assert checks(url)["half done"] == "PASS"

    def test_what_failed_before_is_warned_of(self, database_at, blocked):
        url = database_at("008")
        holder = blocked(url)
        with pytest.raises(RolloutError):
            Target(database_url=url, x=["lock_wait_s=0.1"]).alembic("upgrade", "head")
        holder.rollback()
        assert checks(url)["failed before"] == "WARN"

    def test_a_changed_file_fails(self, database_at, database, rollout):
        url = database_at("004")
        database(url).run(
            "UPDATE migrations.schema_versions SET checksum = 'x' "
            "WHERE version = '1.1.0'"
        )
        assert checks(url)["files"] == "FAIL"
        assert rollout(url, *PLAIN, "-x", "accept_changed=001").status == 0

    def test_a_component_that_is_away_is_warned_of(self, head_database, rollout):
        rollout(head_database, "rollback", "--only", "snapshots", "--yes")
        assert checks(head_database)["components"] == "WARN"


def test_connections_are_counted_for_the_roll_out_only(rollout, head_database):
    """Other engines of the process, of other drivers too, are left alone."""
    rollout(head_database, "deploy", "--no-backup", "--max-rollback-rate", "10")
    assert not sa.event.contains(sa.Engine, "do_connect", rollback_rate._count_ours)
