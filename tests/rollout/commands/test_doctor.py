import threading

import pytest

from rollout import scratch
from rollout.commands import doctor_looks
from tests import servers
from tests.commands import alembic_run
from tests.rollout.commands.test_monitor import until
from tests.supabase import as_role


@pytest.fixture
def pid_of():
    return lambda connection: connection.info.backend_pid


def waiting(connect, url):
    """A session that holds a table, and one that waits for it."""
    holder, waiter = connect(url), connect(url)
    holder.cursor().execute("LOCK TABLE public.user_transfers")
    query = "SELECT count(*) FROM public.user_transfers"
    thread = threading.Thread(target=_execute, args=(waiter, query))
    thread.start()
    return holder, waiter, thread


def _execute(connection, query):
    connection.cursor().execute(query)


def test_nothing_is_in_the_way_at_head(rollout, head_database):
    done = rollout(head_database, "doctor")
    assert done.status == 0
    assert "11 looks: 11 PASS, 0 WARN, 0 FAIL" in done.out


def test_an_idle_transaction_is_found_with_the_command_that_ends_it(
    rollout, head_database, connect
):
    idle = connect(head_database)
    idle.cursor().execute("SELECT 1")
    assert "transactions          PASS" in rollout(head_database, "doctor").out
    done = rollout(head_database, "doctor", "--long", "0")
    assert "1 open for long, 1 of them idle" in done.out
    assert f"rollout doctor --terminate {idle.info.backend_pid}" in done.out


@pytest.mark.slow
def test_a_prepared_transaction_is_found(rollout, connect):
    with servers.new_server(settings={"max_prepared_transactions": "2"}) as server:
        url = server.render_as_string(hide_password=False)
        alembic_run(url, "upgrade", "baseline")
        session = connect(url)
        session.cursor().execute("LOCK TABLE public.user_transfers")
        session.cursor().execute("PREPARE TRANSACTION 'forgotten'")
        out = rollout(url, "doctor", "--long", "0").out
        session.rollback()
        session.autocommit = True
        assert "prepared 'forgotten' of postgres" in out
        remedy = "ROLLBACK PREPARED 'forgotten';"
        assert remedy in out
        session.cursor().execute(remedy)
        assert remedy not in rollout(url, "doctor", "--long", "0").out


def test_who_blocks_is_told_and_ended(rollout, head_database, connect):
    holder, waiter, thread = waiting(connect, head_database)
    try:
        pid = holder.info.backend_pid
        out = until(lambda: rollout(head_database, "doctor").out, "waits: ")
        assert "blocking              FAIL    1 waiting for a lock" in out
        assert f"to mend: rollout doctor --terminate {pid}" in out
        done = rollout(head_database, "doctor", "--terminate", str(pid), "--yes")
        assert done.status == 0
        assert f"waiting for it: {waiter.info.backend_pid}" in done.out
        assert done.out.endswith("ended.\n")
    finally:
        holder.close()
        thread.join()
    assert "nobody waits for a lock" in rollout(head_database, "doctor").out


def test_ending_asks_first_and_refuses_where_nobody_answers(
    rollout, head_database, connect
):
    idle = connect(head_database)
    done = rollout(head_database, "doctor", "--terminate", str(idle.info.backend_pid))
    assert done.status == 1
    assert "add --yes" in done.err
    idle.cursor().execute("SELECT 1")  # it is still there


def test_a_no_ends_nothing(rollout, head_database, connect, monkeypatch):
    idle = connect(head_database)
    monkeypatch.setattr("rollout.commands.output.Output.confirm", lambda *a, **k: False)
    done = rollout(head_database, "doctor", "--terminate", str(idle.info.backend_pid))
    assert done.status == 1
    assert "Nothing was ended" in done.err
    idle.cursor().execute("SELECT 1")


def test_a_runner_of_ours_is_not_ended(rollout, head_database, connect):
    runner = connect(head_database, application_name="rollout")
    pid = str(runner.info.backend_pid)
    done = rollout(head_database, "doctor", "--terminate", pid, "--yes")
    assert done.status == 1
    assert "is a runner of ours" in done.err
    runner.cursor().execute("SELECT 1")


def test_a_process_of_the_server_is_not_ended(rollout, head_database, database):
    pid = database(head_database).value(
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
    )
    done = rollout(head_database, "doctor", "--terminate", str(pid), "--yes")
    assert done.status == 1
    assert "is the server's own: checkpointer" in done.err


def test_a_pid_that_is_nobodys_is_told(rollout, head_database):
    done = rollout(head_database, "doctor", "--terminate", "1", "--yes")
    assert done.status == 1
    assert "pid 1 is no session of this database" in done.err


@pytest.fixture
def stranger(head_database, database):
    db = database(head_database)
    db.run("DROP ROLE IF EXISTS stranger")
    db.run("CREATE ROLE stranger LOGIN")
    yield as_role(head_database, "stranger")
    db.run("DROP ROLE stranger")


def test_what_the_role_may_not_end_is_told(rollout, head_database, connect, stranger):
    idle = connect(head_database)
    pid = str(idle.info.backend_pid)
    done = rollout(stranger, "doctor", "--terminate", pid, "--yes")
    assert done.status == 1
    assert "may not be ended by this role" in done.err
    assert f"SELECT pg_terminate_backend({pid});" in done.err


def test_what_the_role_may_not_see_is_a_warning(
    rollout, head_database, connect, stranger
):
    connect(head_database).cursor().execute("SELECT 1")
    done = rollout(stranger, "doctor")
    assert done.status == 0
    assert "sessions of other roles do not show what they do" in done.out
    assert "WAL not to be seen" in done.out


ORPHANS = """
    CREATE TABLE migrations.parent (a int, b int, PRIMARY KEY (a, b));
    CREATE TABLE migrations.child (x int, y int);
    INSERT INTO migrations.child VALUES (1, 2), (NULL, 3);
    ALTER TABLE migrations.child ADD CONSTRAINT child_fkey
        FOREIGN KEY (x, y) REFERENCES migrations.parent (a, b) NOT VALID;
    CREATE INDEX ON migrations.child (x, y)
"""


def test_orphans_are_shown_until_they_have_a_parent(rollout, head_database, database):
    db = database(head_database)
    db.run(ORPHANS)
    done = rollout(head_database, "doctor")
    assert done.status == 1
    assert "migrations.child child_fkey: rows without migrations.parent" in done.out
    assert "(x, y) = (1,2)" in done.out
    query = next(line for line in done.out.splitlines() if "SELECT * FROM" in line)
    assert db.rows(query.partition("to mend: ")[2]) == [(1, 2)]
    db.run("INSERT INTO migrations.parent VALUES (1, 2)")
    db.run("ALTER TABLE migrations.child VALIDATE CONSTRAINT child_fkey")
    assert rollout(head_database, "doctor").status == 0


BROKEN = """
    CREATE TABLE migrations.money (id int PRIMARY KEY, amount int, note text);
    INSERT INTO migrations.money VALUES (1, 5, ''), (2, -5, 'a%'), (3, NULL, '');
    ALTER TABLE migrations.money
        ADD CONSTRAINT "Odd name" CHECK (amount > 0 OR note LIKE '%b') NOT VALID;
"""


def test_rows_that_break_a_check_are_shown_until_they_are_mended(
    rollout, head_database, database
):
    db = database(head_database)
    db.run(BROKEN)
    done = rollout(head_database, "doctor")
    assert done.status == 1
    assert 'migrations.money "Odd name": rows that break it' in done.out
    assert "(id) = (2)" in done.out
    query, delete = (
        line.partition("to mend: ")[2] or line.strip()
        for line in done.out.splitlines()
        if "FROM migrations.money AS t WHERE" in line
    )
    assert db.rows(query) == [(2, -5, "a%")]
    assert db.run(delete) == 1
    done = rollout(head_database, "doctor")
    assert "none, of 1 constraints not validated" in done.out
    db.run('ALTER TABLE migrations.money VALIDATE CONSTRAINT "Odd name"')
    assert rollout(head_database, "doctor").status == 0


def test_a_column_that_may_not_be_null_is_one_of_them(rollout, head_database, database):
    db = database(head_database)
    if db.value("SELECT current_setting('server_version_num')::int") < 180000:
        pytest.skip("NOT NULL is no constraint of its own before PostgreSQL 18")
    db.run("CREATE TABLE migrations.thing (a int)")
    db.run("INSERT INTO migrations.thing VALUES (NULL)")
    db.run("ALTER TABLE migrations.thing ADD CONSTRAINT here NOT NULL a NOT VALID")
    done = rollout(head_database, "doctor")
    assert "migrations.thing here: rows that break it" in done.out
    assert '(ctid) = ("(0,1)")' in done.out


def test_a_look_for_broken_rows_that_takes_too_long_is_given_up(
    rollout, head_database, database, monkeypatch
):
    db = database(head_database)
    db.run(BROKEN)
    db.run(
        "CREATE FUNCTION migrations.slow(int) RETURNS boolean LANGUAGE sql "
        "AS 'SELECT pg_sleep(60) IS NOT NULL'"
    )
    db.run(
        "ALTER TABLE migrations.money "
        "ADD CONSTRAINT slow CHECK (migrations.slow(id)) NOT VALID"
    )
    monkeypatch.setattr(doctor_looks, "TIMEOUT_S", 1)
    done = rollout(head_database, "doctor")
    assert "slow: canceling statement due to statement timeout" in done.out
    assert 'migrations.money "Odd name": rows that break it' in done.out


def test_a_slot_that_holds_wal_is_found_until_it_is_dropped(
    rollout, head_database, database
):
    db = database(head_database)
    db.run("SELECT pg_create_physical_replication_slot('forgotten', true)")
    try:
        done = rollout(head_database, "doctor")
        assert "1 replication slots to look at" in done.out
        assert "slot forgotten: used by nobody, holds" in done.out
    finally:
        db.run("SELECT pg_drop_replication_slot('forgotten')")
    assert "replication slots" not in rollout(head_database, "doctor").out


def test_a_scratch_database_that_was_left_is_found(rollout, head_database, database):
    db = database(head_database)
    db.run(f"CREATE DATABASE {scratch.PREFIX}1000_abcd TEMPLATE template0")
    try:
        out = rollout(head_database, "doctor").out
    finally:
        db.run(f"DROP DATABASE {scratch.PREFIX}1000_abcd")
    assert 'DROP DATABASE "rollout_scratch_1000_abcd";' in out


def test_half_done_and_rejected_are_part_of_it(rollout, head_database, database):
    db = database(head_database)
    db.run(
        "INSERT INTO migrations.unfinished (revision, direction)"
        " VALUES ('010', 'downgrade')"
    )
    done = rollout(head_database, "doctor")
    assert done.status == 1
    assert "to mend: alembic downgrade -1" in done.out


def test_json_names_every_look(rollout, head_database):
    document = rollout(head_database, "doctor", "--json").json
    assert {f["name"] for f in document["findings"]} >= {"blocking", "orphans", "space"}


def test_on_supabase_as_its_owner_who_is_no_superuser(rollout, supabase, connect):
    alembic_run(supabase, "upgrade", "head")
    idle = connect(as_role(supabase, "authenticator"))
    idle.cursor().execute("SELECT 1")
    done = rollout(supabase, "doctor", "--long", "0")
    assert done.status == 0
    assert "authenticator, idle in transaction" in done.out
    assert "could not look" not in done.out
    pid = str(idle.info.backend_pid)
    assert rollout(supabase, "doctor", "--terminate", pid, "--yes").status == 0


def test_on_supabase_an_administrators_session_stays(rollout, supabase, connect):
    administrator = connect(as_role(supabase, "supabase_admin"))
    pid = str(administrator.info.backend_pid)
    done = rollout(supabase, "doctor", "--terminate", pid, "--yes")
    assert done.status == 1
    assert "may not be ended by this role" in done.err
    administrator.cursor().execute("SELECT 1")
