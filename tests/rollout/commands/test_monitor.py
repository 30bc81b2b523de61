import datetime as dt
import threading
import time

import pytest
import sqlalchemy as sa

from rollout.commands import monitor, monitor_view
from rollout.commands.output import Output
from rollout.commands.target import Target
from rollout.live import monitoring
from tests.commands import ROOT
from tests.supabase import as_role


@pytest.fixture
def target_of():
    return lambda url: Target(str(ROOT / "alembic.ini"), database_url=url)


def test_one_look_at_a_quiet_database(rollout, head_database):
    done = rollout(head_database, "monitor", "--once")
    assert done.status == 0
    assert "at 010, 0 pending" in done.out
    for line in ("runner       none at work", "waiting      none", "indexes      none"):
        assert line in done.out
    assert "public.user_onboarding" in done.out


def test_a_database_before_its_first_revision(rollout, empty_database):
    done = rollout(empty_database, "monitor", "--once")
    assert done.status == 0
    assert "at no revision yet, 12 pending" in done.out


def test_json_is_one_document(rollout, head_database):
    document = rollout(head_database, "monitor", "--json").json
    assert document["current"] == "010"
    assert document["connections"]["active"] >= 1


def test_who_waits_is_below_the_one_who_blocks(rollout, head_database, connect):
    holder = connect(head_database)
    holder.cursor().execute("LOCK TABLE public.user_transfers")
    waiter = connect(head_database)
    query = "SELECT count(*) FROM public.user_transfers"
    thread = threading.Thread(target=waiter.cursor().execute, args=(query,))
    thread.start()
    try:
        out = until(lambda: rollout(head_database, "monitor", "--once").out, "waits: ")
    finally:
        holder.rollback()
        thread.join()
    assert f"waiting      pid {holder.info.backend_pid}, postgres, idle in tran" in out
    assert f"  waits: pid {waiter.info.backend_pid}, " in out
    assert query in out


def until(look, text):
    for _ in range(100):
        if text in (said := look()):
            return said
        time.sleep(0.02)
    raise AssertionError(f"never saw {text!r}, but:\n{said}")


def test_an_index_being_built_is_shown(rollout, head_database, connect):
    blocker = connect(head_database)
    blocker.cursor().execute(
        "INSERT INTO public.migration_log VALUES (DEFAULT, 'a', 'b')"
    )
    builder = connect(head_database, autocommit=True)
    statement = "CREATE INDEX CONCURRENTLY slow ON public.migration_log (operation)"
    thread = threading.Thread(target=builder.cursor().execute, args=(statement,))
    thread.start()
    try:
        look = lambda: rollout(head_database, "monitor", "--once").out  # noqa: E731
        out = until(look, "public.slow on public.migration_log: ")
    finally:
        blocker.rollback()
        thread.join()
    assert "waiting for writers" in out


def test_a_validation_is_shown(target_of, head_database):
    sample = _look(target_of(head_database))
    session = _session("ALTER TABLE public.a VALIDATE CONSTRAINT b")
    sample.sessions.append(session)
    assert session.told() in "\n".join(monitor_view.lines(sample, "x"))


def _session(query):
    return monitoring.Session(
        7, "u", "rollout", "client backend", "active", "d", 1.0, 1.0, 1.0, query, [],
        None, None, False,
    )  # fmt: skip


def _look(target, before=None):
    with target.connect() as connection:
        return monitoring.look(target, connection, before)


def test_a_backfill_has_its_rate(target_of, head_database, database):
    db, target = database(head_database), target_of(head_database)
    db.run(
        "INSERT INTO migrations.backfill_progress"
        " (revision, name, range_no, keys, row_count, rows_done, done)"
        " VALUES ('005', 'accounts:abc', 1, '{}', 5000, 1000, true),"
        " ('005', 'accounts:abc', 2, '{}', 5000, 200, false)"
    )
    assert "005 accounts: 10,000 keys listed" in _said(_look(target))
    db.run(
        "INSERT INTO migrations.backfill_progress"
        " (revision, name, range_no, keys, row_count, done)"
        " VALUES ('005', 'accounts:abc', 0, '{}', 0, true)"
    )
    first = _look(target)
    db.run(
        "UPDATE migrations.backfill_progress SET rows_done = rows_done + 500"
        " WHERE range_no > 0"
    )
    second = _look(target, first)
    seconds = (second.at - first.at) / dt.timedelta(seconds=1)
    assert second.rates["backfill 005 accounts:abc"] == pytest.approx(1000 / seconds)
    assert "005 accounts: 2,200 of 10,000 rows, " in _said(second)
    assert " s left" in _said(second)
    assert "005 accounts: 1,200 of 10,000 rows" in _said(first)


def _said(sample):
    return "\n".join(monitor_view.lines(sample, "x"))


def test_it_waits_for_no_lock(rollout, head_database, connect):
    holder = connect(head_database)
    holder.cursor().execute("LOCK TABLE public.user_transfers, public.migration_log")
    started = time.monotonic()
    assert rollout(head_database, "monitor", "--once").status == 0
    assert time.monotonic() - started < 5


def test_it_writes_nothing(target_of, head_database):
    target = target_of(head_database)
    with target.connect() as connection, pytest.raises(sa.exc.DBAPIError):
        monitoring.look(target, connection)
        connection.exec_driver_sql(monitoring.BEGIN)
        connection.exec_driver_sql("DELETE FROM migrations.unfinished")


def test_it_goes_on_until_ctrl_c_and_ends_well(rollout, head_database, monkeypatch):
    looks = []

    def sleep(seconds):
        looks.append(seconds)
        if len(looks) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(monitor.time, "sleep", sleep)
    done = rollout(head_database, "monitor", "--interval", "7")
    assert done.status == 0
    assert looks == [7.0] * 3
    assert done.out.count("runner       none at work") == 3
    assert "stopped watching; nothing was changed" in done.err


def test_a_server_that_goes_away_is_waited_for(
    target_of, head_database, database, monkeypatch, capsys
):
    target, db = target_of(head_database), database(head_database)
    monkeypatch.setattr(monitor.time, "sleep", lambda seconds: None)
    looks = monitor.samples(target, 1, Output())
    next(looks)
    db.run(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE application_name = 'rollout' AND datname = current_database()"
    )
    assert next(looks).current == "010"
    assert "no look this time" in capsys.readouterr().err


def test_a_server_that_is_not_there_is_an_error(rollout):
    done = rollout("postgresql://u@127.0.0.1:1/x", "monitor")
    assert done.status == 1
    assert "cannot connect" in done.err


def test_on_a_terminal_the_view_is_renewed_in_place(
    rollout, head_database, monkeypatch
):
    def stop(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(monitor.time, "sleep", stop)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    done = rollout(head_database, "monitor")
    assert done.status == 0
    assert "none at work" in done.out


@pytest.mark.parametrize("interval", ["0", "-1", "x", "nan"])
def test_an_interval_that_cannot_be_is_refused(rollout, interval):
    assert rollout(None, "monitor", f"--interval={interval}").status == 2


def test_on_supabase_as_its_owner_who_is_no_superuser(rollout, supabase, connect):
    connect(as_role(supabase, "authenticator"))
    done = rollout(supabase, "monitor", "--once")
    assert done.status == 0
    assert "at no revision yet" in done.out
    assert "connections  " in done.out
