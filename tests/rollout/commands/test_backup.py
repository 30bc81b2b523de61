"""``rollout backup``, ``verify`` and ``restore-backup``, as they are called."""

import os
import signal
import subprocess
import sys
import time

import psycopg2.extensions
import pytest

from rollout.backup import restoring
from tests.commands import ROOT

LOST = "postgresql://nobody:geheim@127.0.0.1:1/none"


@pytest.fixture
def filled(head_database, database):
    db = database(head_database)
    user = db.user()
    db.insert("public.user_feature_flags", user_id=user, flag_name="x")
    return head_database


@pytest.mark.slow
def test_a_backup_is_made_verified_and_restored(
    filled, rollout, tmp_path, make_database, monkeypatch, database
):
    file = tmp_path / "a.dump"
    done = rollout(filled, "backup", "--to", str(file), "--json")
    assert (done.status, done.json["checked"]) == (0, True)
    assert done.json["path"] == str(file)
    assert "checking it" in done.err

    done = rollout(filled, "verify", str(file))
    assert done.status == 0
    assert "public.user_feature_flags" in done.out
    assert "is good" in done.out

    empty = make_database()
    monkeypatch.setenv("INTO", empty)
    done = rollout(filled, "restore-backup", str(file), "--into", "$INTO")
    assert done.status == 0, done.err
    assert database(empty).value("SELECT count(*) FROM public.user_feature_flags") == 1
    assert rollout(empty, "status").status == 0


def test_the_default_name_says_which_database_and_when(
    filled, rollout, tmp_path, monkeypatch
):
    from rollout.backup import saving

    monkeypatch.setattr(saving, "DIRECTORY", tmp_path)
    (tmp_path / f"{filled.rpartition('/')[2].partition('?')[0]}_1.dump.part").touch()
    done = rollout(filled, "backup", "--no-check")
    assert "left by a backup that was killed" in done.err
    (file,) = tmp_path.iterdir()
    assert str(file) in done.out
    assert "not checked" in done.out


def test_a_revision_that_is_half_done_is_told(filled, rollout, tmp_path, database):
    db = database(filled)
    db.run("INSERT INTO migrations.unfinished VALUES ('009', 'upgrade')")
    done = rollout(filled, "backup", "--no-check", "--to", str(tmp_path / "a.dump"))
    assert done.status == 0
    assert "warning: the upgrade of 009 is half done" in done.err
    assert "rollout deploy 009" in done.err
    db.run("DELETE FROM migrations.unfinished")
    done = rollout(filled, "backup", "--no-check", "--to", str(tmp_path / "b.dump"))
    assert "half done" not in done.err


def test_a_missing_file_is_told_without_touching_a_database(rollout, tmp_path):
    for command in (["verify"], ["restore-backup", "--into", LOST]):
        done = rollout(LOST, *command, str(tmp_path / "missing.dump"))
        assert done.status == 1
        assert "is not there" in done.err


def test_a_server_that_is_not_there_is_told_without_the_password(rollout, tmp_path):
    done = rollout(LOST, "backup", "--to", str(tmp_path / "a.dump"))
    assert done.status == 1
    assert "cannot connect" in done.err
    assert "geheim" not in done.err + done.out
    assert list(tmp_path.iterdir()) == []


def test_into_names_a_variable_that_must_be_set(rollout, tmp_path, monkeypatch):
    monkeypatch.delenv("INTO", raising=False)
    done = rollout(None, "restore-backup", "x.dump", "--into", "$INTO")
    assert done.status == 1
    assert "the environment has no INTO" in done.err


def test_a_database_that_is_not_empty_is_told_how_to_go_on(filled, rollout, tmp_path):
    file = tmp_path / "a.dump"
    rollout(filled, "backup", "--to", str(file), "--no-check")
    done = rollout(None, "restore-backup", str(file), "--into", filled)
    assert done.status == 1
    assert "is not empty" in done.err
    assert "--replace" in done.err


def start(url, *arguments, limit=""):
    return subprocess.Popen(
        ["bash", "-c", f'{limit} exec "$@"', "-", sys.executable, "-m", "rollout",
         *arguments],
        env={**os.environ, "DATABASE_URL": url, "INTO": url},
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_file_that_may_not_grow_is_as_a_full_disk(filled, tmp_path):
    # Without bytecode: Python would cut that off as well, and keep it for everybody.
    limit = "export PYTHONDONTWRITEBYTECODE=1; ulimit -f 8;"
    process = start(filled, "backup", "--to", str(tmp_path / "a.dump"), limit=limit)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "The disk is full" in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


WAITING = """
    SELECT count(*) FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
    WHERE NOT l.granted AND a.datname = current_database()
"""


@pytest.mark.parametrize(
    ("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_backup_that_is_interrupted_leaves_nothing(
    sent, status, filled, tmp_path, connect, database
):
    holder = connect(filled)
    holder.cursor().execute("LOCK TABLE public.user_transfers")
    process = start(filled, "backup", "--to", str(tmp_path / "a.dump"))
    here = database(filled)
    deadline = time.monotonic() + 30
    while not here.value(WAITING) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(sent)
    _, err = process.communicate(timeout=30)
    assert process.returncode == status, err
    assert "No backup was made" in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_restore_that_is_interrupted_leaves_the_database_as_it_was(
    filled, rollout, tmp_path, connect, database
):
    here = database(filled)
    file = str(tmp_path / "a.dump")
    assert rollout(filled, "backup", "--no-check", "--to", file).status == 0
    here.run("INSERT INTO public.user_feature_flags (user_id, flag_name)"
             " SELECT id, 'later' FROM auth.users")  # fmt: skip
    before = here.snapshot()
    holder = connect(filled)
    holder.cursor().execute("TABLE public.user_transfers")
    name = psycopg2.extensions.parse_dsn(holder.dsn)["dbname"]
    process = start(
        filled, "restore-backup", file, "--into", "$INTO", "--replace", name,
        "--no-backup", "-x", "lock_wait_s=60",
    )  # fmt: skip
    for line in process.stderr:
        if "restoring" in line:
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Nothing was restored" in err
    assert "Traceback" not in err
    holder.rollback()
    assert here.snapshot() == before
    assert here.value("SELECT count(*) FROM public.user_feature_flags") == 2


def test_a_restore_interrupted_after_its_commit_says_that_all_is_restored(
    filled, rollout, tmp_path, make_database, monkeypatch, database
):
    def interrupted(*_):
        raise KeyboardInterrupt

    file, empty = str(tmp_path / "a.dump"), make_database()
    assert rollout(filled, "backup", "--no-check", "--to", file).status == 0
    monkeypatch.setenv("INTO", empty)
    monkeypatch.setattr(restoring, "_analyze", interrupted)
    done = rollout(filled, "restore-backup", file, "--into", "$INTO")
    assert done.status == 130
    assert "Everything is restored" in done.err
    assert "Nothing was restored" not in done.err
    assert database(empty).value("SELECT count(*) FROM public.user_feature_flags") == 1
