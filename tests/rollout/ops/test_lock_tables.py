"""lock_tables: locks on tables in use, queueing nobody."""

import pytest
import sqlalchemy as sa

from rollout.errors import RolloutError
from rollout.running.locks import LockWaitTimeout
from tests.rollout.ops.interrupt import (
    Watch,
    background,
    held,
    queues_nobody,
    statements_seen,
    until,
    wait_for,
)
from tests.rollout.ops.lab import Lab
from tests.servers import new_server

HOLDS = """
    lock_tables("public.a", "public.b", mode={mode!r})
    run_sql('''
        CREATE TABLE public.seen AS
        SELECT relation::regclass::text AS name, mode FROM pg_locks
        WHERE pid = pg_backend_pid() AND relation IN (
            'public.a'::regclass, 'public.b'::regclass)
    ''')
"""
BOTH = 'lock_tables("public.a", "public.b")\nop.execute("CREATE TABLE public.c ()")'


@pytest.fixture
def lab(lab):
    lab.execute(
        "CREATE TABLE public.a (id serial PRIMARY KEY)",
        "CREATE TABLE public.b (id serial PRIMARY KEY)",
    )
    return lab


@pytest.mark.parametrize(
    ("mode", "shown"),
    [
        ("ACCESS EXCLUSIVE", "AccessExclusiveLock"),
        ("SHARE ROW EXCLUSIVE", "ShareRowExclusiveLock"),
        ("SHARE UPDATE EXCLUSIVE", "ShareUpdateExclusiveLock"),
    ],
)
def test_all_tables_are_locked_in_the_mode_asked_for(lab, twins, mode, shown):
    lab.revision(HOLDS.format(mode=mode))
    (printed,) = twins(lab)
    lab.upgrade()
    printed.psql(printed.upgrade(sql=True))
    for one in (lab, printed):
        rows = one.rows("SELECT * FROM public.seen ORDER BY 1")
        assert rows == [("a", shown), ("b", shown)]


def test_an_unknown_mode_is_refused(lab):
    lab.revision('lock_tables("public.a", mode="EXCLUSIV")')
    with pytest.raises(ValueError, match="ACCESS EXCLUSIVE, not 'EXCLUSIV'"):
        lab.upgrade()


@pytest.mark.parametrize(
    "blocker", ["TABLE public.b", "INSERT INTO public.a VALUES (9999)"]
)
def test_readers_and_writers_go_on_while_it_waits(lab, blocker):
    lab.revision(BOTH)
    queues_nobody(
        lab,
        lambda lab: lab.upgrade(),
        blocker=blocker,
        bystanders=(
            "INSERT INTO public.a DEFAULT VALUES; SELECT FROM public.b",
            "INSERT INTO public.b DEFAULT VALUES; SELECT FROM public.a",
        ),
        watch=Watch("LOCK TABLE", times=40),  # past NOWAIT_TRIES: some queue by now
    )
    assert lab.value("SELECT to_regclass('public.c') IS NOT NULL")


def test_while_one_table_is_held_the_other_is_free(lab):
    """Both are asked for at once, so a try that fails on b holds a for no time."""
    lab.revision(BOTH)
    watch = Watch("LOCK TABLE", times=10)
    with statements_seen(watch), held(lab, "TABLE public.b") as blocker:
        with background(lab.upgrade, blocker) as result:
            wait_for(watch, result)
            lab.execute("SET lock_timeout = '1s'; INSERT INTO public.a DEFAULT VALUES")
            blocker.rollback()
        result.result()


def test_giving_up_names_who_is_in_the_way(reader, lab):
    lab.revision(BOTH)
    lab.execute(f"GRANT SELECT ON public.a TO {reader}")
    before = lab.snapshot()
    url = sa.make_url(lab.url).set(username=reader).render_as_string(False)
    with held(Lab(url, lab.directory), "SELECT 'month end' FROM public.a") as blocker:
        pid = blocker.info.backend_pid
        with pytest.raises(LockWaitTimeout) as caught:
            lab.upgrade(lock_wait_s=0.3)
    error = caught.value
    assert (error.tables, error.mode) == (("public.a", "public.b"), "ACCESS EXCLUSIVE")
    assert error.waited_s >= 0.3
    assert error.tries > 2
    (line,) = error.blockers
    assert line.startswith(f"pid {pid}, user {reader}, application nightly report, ")
    assert "idle in transaction, transaction open for 0." in line
    assert line.endswith("s: SELECT 'month end' FROM public.a")
    assert line in str(error)
    assert lab.snapshot()["relation"].items() >= before["relation"].items()
    assert not lab.value("SELECT to_regclass('public.c') IS NOT NULL")
    lab.upgrade()


def test_a_second_call_that_fails_frees_what_the_first_locked(lab):
    """Waiting for b while holding a would make all wait: so all is tried again."""
    lab.revision('lock_tables("public.a")\nlock_tables("public.b")')
    queues_nobody(
        lab,
        lambda lab: lab.upgrade(),
        blocker="TABLE public.b",
        bystanders=("INSERT INTO public.a DEFAULT VALUES",),
        watch=Watch("LOCK TABLE public.b", times=4),
    )


def test_a_second_call_that_gives_up_names_who_is_in_the_way(lab):
    lab.revision('lock_tables("public.a")\nlock_tables("public.b")')
    with held(lab, "TABLE public.b"), pytest.raises(LockWaitTimeout) as caught:
        lab.upgrade(lock_wait_s=0.3)
    assert "nightly report" in str(caught.value)


def test_where_lock_table_is_not_permitted_statements_still_queue_nobody(
    supabase_newer, tmp_path
):
    """auth.users is another's on Supabase: it may be referenced, but not locked."""
    lab = Lab(supabase_newer, tmp_path / "history")
    admin = Lab(
        sa.make_url(supabase_newer).set(username="supabase_admin").render_as_string(),
        tmp_path / "history",
    )
    lab.execute("CREATE TABLE public.owned (user_id uuid)")
    lab.revision("""
        lock_tables("auth.users", mode="SHARE ROW EXCLUSIVE")
        op.execute("ALTER TABLE public.owned ADD CONSTRAINT f FOREIGN KEY (user_id) "
            "REFERENCES auth.users (id)")
    """)
    insert = "INSERT INTO auth.users (id) VALUES (gen_random_uuid())"
    watch = Watch("ADD CONSTRAINT f", times=6)
    with statements_seen(watch), held(admin, insert) as blocker:
        with background(lab.upgrade, blocker) as result:
            wait_for(watch, result)
            for _ in range(15):
                admin.execute(f"SET lock_timeout = '1s'; {insert}")
            assert not result.done()
            blocker.rollback()
        result.result()
    assert "public.owned f" in lab.snapshot()["constraint"]


def test_a_table_that_is_not_there_fails_at_once(lab):
    lab.revision('lock_tables("public.nowhere")')
    with pytest.raises(RolloutError, match="nowhere"):
        lab.upgrade()


SLOWLY_VACUUMED = """
    CREATE TABLE public.a (id int, n int) WITH (
        autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1,
        fillfactor = 10
    )
"""
AT_IT = """
    SELECT count(*) FROM pg_stat_activity
    WHERE backend_type = 'autovacuum worker' AND query LIKE '%public.a%'
"""


@pytest.fixture
def vacuumed(tmp_path):
    """A lab whose autovacuum is at public.a, and would be for minutes."""
    often = {"autovacuum_naptime": "1s", "deadlock_timeout": "200ms"}
    with new_server(settings=often) as server:
        lab = Lab(server.render_as_string(hide_password=False), tmp_path / "history")
        lab.execute(
            SLOWLY_VACUUMED,
            "INSERT INTO public.a SELECT n, n FROM generate_series(1, 20000) AS n",
            "DELETE FROM public.a WHERE id % 2 = 0",
        )
        until(lambda: bool(lab.value(AT_IT)))
        yield lab
        lab.leave()


def test_autovacuum_makes_way(vacuumed):
    """It goes for whoever waits for deadlock_timeout, and no try waits so long."""
    vacuumed.revision('lock_tables("public.a")\nop.execute("CREATE TABLE c ()")')
    vacuumed.upgrade(lock_wait_s=10)
    assert vacuumed.value("SELECT to_regclass('public.c') IS NOT NULL")


def test_readers_and_writers_go_on_while_autovacuum_is_asked_to_go(lab):
    """Played by a session that does not go."""
    lab.revision('lock_tables("public.a")')
    queues_nobody(
        lab,
        lambda lab: lab.upgrade(),
        blocker="LOCK TABLE public.a IN SHARE UPDATE EXCLUSIVE MODE",
        bystanders=("INSERT INTO public.a DEFAULT VALUES; SELECT FROM public.a",),
        waiting="SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted "
        "AND mode = 'ShareUpdateExclusiveLock')",
    )


def test_what_took_long_before_the_lock_does_not_count_as_waiting(lab):
    """A backfill, say: the second lock is tried once, and then the revision again."""
    lab.revision("""
        from rollout.running import run

        with autocommit():
            if run.current().attempt == 1:
                op.execute("SELECT pg_sleep(1.2)")
        lock_tables("public.a")
        lock_tables("public.b")
    """)
    watch = Watch("LOCK TABLE public.b", times=2)
    with (
        statements_seen(watch),
        held(lab, "TABLE public.b") as blocker,
        background(lambda: lab.upgrade(lock_wait_s=1), blocker) as result,
    ):
        wait_for(watch, result)
        blocker.close()
        result.result()
