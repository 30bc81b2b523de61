"""drop_view, grant_only, collect, autocommit."""

import sys

import pytest

from rollout.errors import RolloutError
from rollout.running.locks import LockWaitTimeout
from tests.rollout.ops.interrupt import Watch, held, queues_nobody

DROP = 'drop_view("public.v")'


@pytest.fixture
def lab(lab):
    lab.execute(
        "CREATE TABLE public.t (id int PRIMARY KEY, n int)",
        "INSERT INTO public.t SELECT g, g % 3 FROM generate_series(1, 250) AS g",
        "CREATE VIEW public.v AS SELECT id FROM public.t",
    )
    return lab


def test_the_view_is_dropped_online_and_by_the_script(lab, same_offline):
    lab.revision(DROP)
    same_offline(lab, down=False)
    assert lab.value("SELECT to_regclass('public.v') IS NULL")


def test_dropping_a_view_may_be_repeated(lab):
    lab.revision(f"{DROP}\n{DROP}")
    lab.upgrade()


def test_readers_of_view_and_table_go_on_while_the_drop_waits(lab):
    lab.revision(DROP)
    queues_nobody(
        lab,
        lambda lab: lab.upgrade(),
        blocker="SELECT FROM public.v",
        bystanders=(
            "SELECT FROM public.v LIMIT 1",
            "UPDATE public.t SET n = 1 WHERE id = 1",
        ),
        watch=Watch("DROP VIEW"),
    )


def test_a_lock_on_the_table_below_is_not_in_the_way(lab):
    lab.revision(DROP)
    with held(lab, "LOCK TABLE public.t"):
        lab.upgrade(lock_wait_s=0.2)


def test_dropping_a_view_gives_up_with_names(lab):
    lab.revision(DROP)
    with (
        held(lab, "SELECT FROM public.v"),
        pytest.raises(LockWaitTimeout, match="nightly report.*FROM public.v"),
    ):
        lab.upgrade(lock_wait_s=0.2)
    assert not lab.value("SELECT to_regclass('public.v') IS NULL")


def test_nothing_but_what_is_listed_is_granted(reader, lab, same_offline):
    lab.execute(
        f"GRANT ALL ON public.t TO PUBLIC, {reader}",
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    )
    lab.revision(f"""
        for _ in range(2):
            grant_only("public.t", {{"{reader}": "SELECT, INSERT"}}, roles=["{reader}"])
            grant_only("FUNCTION public.f()", {{}}, roles=["{reader}"])
    """)
    same_offline(lab, down=False)
    grants = lab.snapshot()["grant"]
    assert grants["table public.t"] == f"{reader}: INSERT, SELECT"
    assert grants["function public.f()"] == "nobody"


COLLECT = """
    op.execute("CREATE TABLE IF NOT EXISTS public.seen (id int PRIMARY KEY, n int)")
    collect("public.seen", "id, n", "SELECT id, n FROM public.t WHERE n > 0")
"""


def test_collect_writes_the_result_down(lab, same_offline):
    lab.revision(COLLECT, 'op.execute("DROP TABLE public.seen")')
    same_offline(lab)
    lab.upgrade()
    assert lab.rows("TABLE public.seen ORDER BY id") == lab.rows(
        "SELECT id, n FROM public.t WHERE n > 0 ORDER BY id"
    )


def test_a_killed_collect_is_repeated(lab, survives_kills, monkeypatch):
    monkeypatch.setattr(sys.modules["rollout.ops.collect"], "CHUNK_ROWS", 50)
    lab.revision(COLLECT)
    survives_kills(lab, lambda lab: lab.upgrade(), kills=6)


def test_collect_makes_nobody_wait_and_waits_for_no_writer(lab):
    lab.revision(COLLECT)
    with held(lab, "UPDATE public.t SET n = 2"):
        lab.upgrade(lock_wait_s=0.2)


STEPS = """
    op.execute("CREATE TABLE IF NOT EXISTS public.before ()")
    with autocommit():
        op.execute("CREATE TABLE IF NOT EXISTS public.within ()")
        op.execute("{within}")
    op.execute("{after}")
"""


def test_what_went_before_an_autocommit_block_stands_when_the_revision_fails(lab):
    lab.revision(STEPS.format(within="SELECT 1", after="SELECT 1 / 0"))
    with pytest.raises(RolloutError, match="division by zero"):
        lab.upgrade()
    assert lab.value("SELECT to_regclass('public.within') IS NOT NULL")
    assert lab.rows("SELECT revision, direction FROM migrations.unfinished") == [
        ("001", "upgrade")
    ]


def test_a_half_done_revision_is_finished_before_any_other(lab):
    lab.revision("pass")
    lab.upgrade()
    lab.revision(STEPS.format(within="SELECT 1 / n FROM public.gate", after="SELECT 1"))
    lab.execute("CREATE TABLE public.gate AS SELECT 0 AS n")
    with pytest.raises(RolloutError, match="division by zero"):
        lab.upgrade()
    with pytest.raises(RolloutError, match="upgrade of revision 002 was interrupted"):
        lab.downgrade()
    lab.execute("UPDATE public.gate SET n = 1")
    lab.upgrade()
    assert lab.rows("TABLE migrations.unfinished") == []


def test_no_timeout_stays_behind_in_the_session(lab):
    """Statements after the block run under the short lock_timeout again."""
    lab.execute("CREATE TABLE public.said (place text, lock_timeout text)")
    said = "INSERT INTO public.said SELECT '{}', current_setting('lock_timeout')"
    lab.revision(f"""
        op.execute("{said.format("before")}")
        with autocommit():
            op.execute("{said.format("within")}")
        op.execute("{said.format("after")}")
    """)
    lab.upgrade()
    assert lab.rows("TABLE public.said") == [
        ("before", "10ms"), ("within", "0"), ("after", "10ms")
    ]  # fmt: skip
