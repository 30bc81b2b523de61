"""The command itself: help, usage, bad input, Ctrl-C."""

import importlib
import os
import signal
import subprocess
import sys
import threading
import time

import psycopg2
import pytest
import sqlalchemy as sa

from rollout.checks import fresh
from rollout.commands import COMMANDS, failures, module_name
from rollout.commands.target import Target
from rollout.embedded import url_text
from rollout.errors import RolloutError
from rollout.running import interrupts
from tests.commands import ROOT, run_module

HEAVY = ("sqlalchemy", "alembic", "rich", "psycopg2")


def parts(message):
    """An error's lines; it has at least what, state, and what next."""
    lines = [line for line in message.strip().splitlines() if line.strip()]
    assert len(lines) >= 3, message
    return lines


def test_help_names_every_command_and_imports_nothing_heavy():
    code = (
        "import sys; from rollout.cli import main; main(['--help']); "
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert [name for name in COMMANDS if f"  {name} " not in done.stdout] == []


@pytest.mark.slow
def test_help_takes_under_150_ms_more_than_python_itself():
    """In time of the processor, since others may be busy here."""

    def quickest(*arguments):
        took = []
        for _ in range(5):
            before = os.times()
            subprocess.run(
                [sys.executable, *arguments], cwd=ROOT, capture_output=True, check=True
            )
            after = os.times()
            took.append(
                after.children_user + after.children_system
                - before.children_user - before.children_system
            )  # fmt: skip
        return min(took)

    assert quickest("-m", "rollout", "--help") - quickest("-c", "pass") < 0.15


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_every_command_shows_an_example(name, rollout):
    done = rollout(None, name, "--help")
    module = importlib.import_module(module_name(name))
    assert done.status == 0
    assert "Example:" in done.out
    for line in module.EXAMPLE.strip().splitlines():
        assert line in done.out
    assert f"rollout {name}" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["statsu"], "did you mean 'status'?"),
        (["frobnicate"], "there is no command"),
        (["status", "--frobnicate"], "unrecognized arguments"),
        (["export", "oracle", "x"], "invalid choice"),
        (["rollback", "004", "--emergency"], "not allowed with"),
        (["history", "--last", "-1"], "is not a whole number from 1"),
        (["history", "--last", "99999999999999999999"], "is not a whole number from 1"),
        (["purge", "--older-than", "-1", "--yes"], "is not a number from 0"),
        (["purge", "--older-than", "nan", "--yes"], "is not a number from 0"),
        (["doctor", "--long", "1e308"], "is not a number from 0"),
        (["doctor", "--terminate", "0"], "is not a whole number from 1"),
        (["monitor", "--interval", "nan"], "is not a number from 0.5"),
        (["backup", "--to", ""], "is no name of a file"),
        (["deploy", "--backup-to", ""], "is no name of a file"),
        (["export", "supabase", ""], "is no name of a directory"),
        ([], "rollout COMMAND"),
    ],
)
def test_wrong_usage_ends_with_2(arguments, said, rollout):
    done = rollout(None, *arguments)
    assert done.status == 2
    assert said in done.err
    assert done.out == ""


@pytest.mark.parametrize("before", [True, False])
def test_common_options_stand_before_or_after_the_command(
    before, rollout, head_database
):
    options = ["--json", "-x", "lock_wait_s=1"]
    given = [*options, "status"] if before else ["status", *options]
    assert rollout(head_database, *given).json["current"] == "010"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["status", "-x", "lock_wiat_s=3"], "is not a setting"),
        (["status", "-x", "lock_wait_s"], "is not a setting"),
        (["status", "-x", "lock_wait_s=soon"], "is not a number"),
        (["status", "--config", "nowhere.ini"], "there is no nowhere.ini"),
        (["status", "--config", "README.md"], "README.md cannot be read"),
        (["status", "--schema", "frobnicate"], "has no schema 'frobnicate'"),
        (["status", "--database-url", "mysql://x"], "not PostgreSQL"),
        (["status", "--database-url", ""], "is empty"),
        (["plan", "099"], "there is no revision '099'"),
        (["plan", "+99"], "there is no revision '+99'"),
        (["rollback", "", "--yes"], "there is no revision ''"),
        (["status", "-x", "lock_wait_s=1e9"], "is not a number from 0 to 1,000,000"),
        (["rollback", "--only", "nope"], "there is no component 'nope'"),
        (["restore", "nope"], "there is no component 'nope'"),
        (["new", "..."], "is no message"),
        (["new", "x", "--table", "x"], "is no table's name"),
        (["export", "supabase", "x", "--first", "2025"], "is no timestamp"),
    ],
)
def test_bad_input_is_told_without_a_traceback(arguments, said, rollout, head_database):
    url = None if "--database-url" in arguments else head_database
    done = rollout(url, *arguments)
    assert done.status == 1
    assert said in done.err
    assert "Traceback" not in done.err
    assert "Nothing was" in "\n".join(parts(done.err)[1:])


def test_an_error_is_a_json_document_too(rollout, head_database):
    done = rollout(head_database, "plan", "099", "--json")
    assert "there is no revision" in done.json["error"]


def test_a_failed_connection_hides_the_password(rollout):
    done = rollout("postgresql://me:s3cr3t@127.0.0.1:1/x", "status")
    assert done.status == 1
    assert "no server answers there" in done.err
    assert "s3cr3t" not in done.err + done.out


@pytest.mark.parametrize("option", ["schema=x", "connect_timeout=x"])
def test_an_option_that_libpq_does_not_know_is_told(option, rollout):
    done = rollout(f"postgresql://me:s3cr3t@127.0.0.1:1/x?{option}", "status")
    assert done.status == 1
    assert "an option that libpq does not know" in done.err
    assert "s3cr3t" not in done.err + done.out


def test_no_message_carries_the_password():
    target = Target(database_url="postgresql://me:s3cr3t@127.0.0.1/x")
    assert target.url.host == "127.0.0.1"
    said = failures.message(RolloutError("tried me:s3cr3t in vain"), target)
    assert said == "tried me:*** in vain"


def test_what_the_database_refuses_is_told(rollout, head_database, database):
    head = database(head_database)
    head.run("CREATE ROLE stranger LOGIN")
    try:
        url = sa.make_url(head_database).set(username="stranger")
        done = rollout(url.render_as_string(hide_password=False), "history")
        assert done.status == 1
        assert "permission denied" in done.err
        assert "lacks the right" in done.err
        assert "Traceback" not in done.err
    finally:
        head.run("DROP ROLE stranger")


def test_a_bug_of_ours_is_not_hidden(rollout, head_database, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("rollout.commands.status.run", broken)
    with pytest.raises(ZeroDivisionError):
        rollout(head_database, "status")


EVERY = {
    "plan": ["plan"],
    "deploy": ["deploy", "--no-backup"],
    "rollback": ["rollback", "--yes"],
    "emergency": ["rollback", "--emergency", "--yes"],
    "component": ["rollback", "--only", "snapshots", "--yes"],
    "restore": ["restore", "snapshots"],
    "purge": ["purge", "--yes"],
    "status": ["status"],
    "history": ["history"],
    "check": ["check", "rejects"],
    "monitor": ["monitor", "--once"],
    "seed": ["seed", "dev", "--yes"],
    "maintain": ["maintain", "weekly"],
    "backup": ["backup", "--no-check", "--to", "/dev/null/x.dump"],
}
"""Commands that need something of the database."""
BEFORE_THE_FIRST = {"plan", "deploy", "status", "monitor", "seed", "backup"}
"""These have something to do, or to say, where no revision was applied yet."""


def test_a_database_that_is_not_ours_is_refused(rollout, empty_database, database):
    for name in EVERY.keys() - BEFORE_THE_FIRST:
        done = rollout(empty_database, *EVERY[name])
        assert done.status == 1, name
        assert "is not a database of ours" in done.err
        assert "rollout plan" in parts(done.err)[-1]
    schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'migrations'"
    assert database(empty_database).value(schemas) == 0


def test_a_newer_database_is_refused(rollout, head_database, database):
    here = database(head_database)
    here.run("UPDATE migrations.alembic_version SET version_num = '999'")
    before = here.snapshot()
    for name in EVERY.keys() - {"backup"}:
        done = rollout(head_database, *EVERY[name])
        assert done.status == 1, name
        assert "stands at 999, which this checkout does not have" in done.err
        assert "git pull" in done.err
    assert here.snapshot() == before
    assert here.value("SELECT count(*) FROM auth.users") == 0


def test_a_role_without_rights_is_told(rollout, head_database, database):
    here = database(head_database)
    here.run("CREATE ROLE weak LOGIN")
    before = here.snapshot()
    try:
        url = sa.make_url(head_database).set(username="weak")
        weak = url.render_as_string(hide_password=False)
        for name in EVERY.keys() - {"maintain"}:
            done = rollout(weak, *EVERY[name])
            assert done.status == 1, name
            assert len(parts(done.err)) >= 3
            said = done.out + done.err
            assert "permission denied" in said or name == "backup", name
        assert "left out" in rollout(weak, *EVERY["maintain"]).out
        assert here.snapshot() == before
    finally:
        here.run("DROP ROLE weak")


def test_a_component_of_a_read_only_database_is_left(rollout, head_database, database):
    name = sa.make_url(head_database).database
    database(head_database).run(
        f"ALTER DATABASE {name} SET default_transaction_read_only = on"
    )
    done = rollout(head_database, *EVERY["component"])
    assert done.status == 1
    assert "set to read only" in done.err
    assert database(head_database).value(
        "SELECT to_regclass('public.user_portfolio_snapshots') IS NOT NULL"
    )


@pytest.fixture
def sigint_soon():
    """Send this process a Ctrl-C in a moment."""
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    yield
    timer.cancel()


def test_ctrl_c_cancels_what_the_server_is_doing(empty_database, connect, sigint_soon):
    dsn = url_text(sa.make_url(empty_database))
    with interrupts.heard():
        connection = psycopg2.connect(dsn)
        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            connection.cursor().execute("SELECT pg_sleep(60)")
        assert time.monotonic() - started < 10
        connection.close()
    with connect(empty_database).cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'"
        )
        assert cursor.fetchone() == (0,)


def test_ctrl_c_says_what_state_things_are_in(database_at, database, connect):
    url = database_at("008")
    holder = connect(url)
    holder.cursor().execute("LOCK TABLE public.user_onboarding IN SHARE MODE")
    command = [sys.executable, "-m", "rollout", "deploy", "--no-backup"]
    process = subprocess.Popen(
        [*command, "-x", "lock_wait_s=60", "--database-url", url],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for line in process.stderr:
        if "009" in line:
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "interrupted." in err
    assert "stands at 008 (1.7.0), 2 pending" in err
    assert "Traceback" not in err
    holder.rollback()
    assert database(url).value("SELECT count(*) FROM migrations.alembic_version") == 1


@pytest.mark.parametrize(
    ("program", "sent", "status"),
    [
        ("rollout deploy 005 --no-backup", signal.SIGINT, 130),
        ("rollout deploy 005 --no-backup", signal.SIGTERM, 143),
        ("alembic -x workers=2 upgrade 005", signal.SIGTERM, 143),
    ],
)
def test_a_signal_during_a_backfill_loses_nothing(
    program, sent, status, database_at, database, rollout
):
    url = database_at("004")
    here = database(url)
    here.run(
        "INSERT INTO auth.users (id) "
        "SELECT gen_random_uuid() FROM generate_series(1, 3000)"
    )
    here.run(
        "INSERT INTO user_onboarding (id, user_id, alpaca_account_id, "
        "alpaca_account_status) SELECT gen_random_uuid(), id, id, 'ACTIVE' "
        "FROM auth.users"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", *program.split()],
        env={**os.environ, "DATABASE_URL": url, "ROLLOUT_PAUSE_MS": "700"},
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    done = "SELECT coalesce(sum(rows_done), 0) FROM migrations.backfill_progress"
    deadline = time.monotonic() + 20
    while not here.value(done) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(sent)
    _, err = process.communicate(timeout=20)
    assert process.returncode == status, err
    assert ("SIGTERM" in err) is (sent == signal.SIGTERM)
    assert "Traceback" not in err
    if program.startswith("rollout"):
        assert "The upgrade of 005 is half done" in err
        assert "rollout deploy 005" in err
    else:
        assert "Run the same command again to go on." in err
    assert 0 < here.value("SELECT count(*) FROM user_investment_accounts") < 3000
    held = "SELECT count(*) FROM migrations.migration_locks WHERE locked_by IS NOT NULL"
    assert here.value(held) == 0
    assert rollout(url, "deploy", "005", "--no-backup").status == 0
    assert here.value("SELECT count(*) FROM user_investment_accounts") == 3000


@pytest.mark.parametrize(
    "program", ["alembic upgrade 009", "rollout deploy 009 --no-backup"]
)
def test_sigterm_cancels_what_the_server_is_doing(
    program, database_at, database, connect
):
    url = database_at("008")
    reader = connect(url)
    reader.set_session(isolation_level="REPEATABLE READ")
    reader.cursor().execute("TABLE public.user_transfers")  # an index waits for it
    process = subprocess.Popen(
        [sys.executable, "-m", *program.split()],
        env={**os.environ, "DATABASE_URL": url},
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    building = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
        "AND datname = current_database() AND query LIKE '%CONCURRENTLY%'"
    )
    here = database(url)
    deadline = time.monotonic() + 20
    while not here.value(building) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)  # it would wait for the reader for ever
    assert process.returncode == 143, err
    assert "Traceback" not in err
    assert here.value(building) == 0


def test_a_reader_that_has_seen_enough_is_no_error(head_database):
    command = f"{sys.executable} -m rollout history --database-url '{head_database}'"
    done = subprocess.run(
        f"{command} | head -1", cwd=ROOT, shell=True, capture_output=True, text=True
    )
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("status >&-", 0, ""),
        ("status >/dev/full", 1, "No space left on device"),
        ("rollback <&-", 1, "nobody is there to answer"),
    ],
)
def test_streams_that_are_closed_or_full_are_told(command, status, said, head_database):
    done = subprocess.run(
        f"{sys.executable} -m rollout {command}",
        env=os.environ | {"DATABASE_URL": head_database},
        cwd=ROOT, shell=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_the_configuration_can_be_read_in_every_locale():
    """Alembic reads it in the locale's encoding, and cron's may know ASCII only."""
    assert (ROOT / "alembic.ini").read_bytes().isascii()


def test_a_user_without_a_name_and_a_home_has_a_cache(monkeypatch):
    def nobody(uid):
        raise KeyError(uid)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    assert f"rollout-{os.getuid()}" in str(fresh._directory())


def test_without_a_terminal_nothing_is_coloured_or_wrapped(head_database):
    done = run_module("rollout", "history", url=head_database, env={"COLUMNS": "20"})
    assert "\x1b" not in done.stdout
    rows = [line for line in done.stdout.splitlines() if "1.8.0" in line]
    assert len(rows) == 1
    assert "extend user onboarding" in rows[0]
