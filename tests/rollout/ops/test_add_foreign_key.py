"""add_foreign_key, drop_foreign_key and validate_constraint."""

import pytest

from rollout.errors import RolloutError
from rollout.running.locks import LockWaitTimeout
from tests.rollout.ops.interrupt import held, queues_nobody

SETUP = (
    "CREATE TABLE public.p (id int PRIMARY KEY, note text)",
    "CREATE TABLE public.c (id int PRIMARY KEY, p_id int, note text)",
    "INSERT INTO public.p VALUES (1), (2)",
    "INSERT INTO public.c VALUES (1, 1), (2, 2), (3, NULL)",
)
UP = """
    add_foreign_key("c_p_fkey", "public.c", ["p_id"], "public.p", ["id"],
        on_delete="CASCADE", validate=False)
    with autocommit():
        validate_constraint("c_p_fkey", "public.c")
"""
DOWN = 'drop_foreign_key("c_p_fkey", "public.c", "public.p")'
KEY = "public.c c_p_fkey"
NOT_VALID = """
    ALTER TABLE public.c ADD CONSTRAINT c_p_fkey FOREIGN KEY (p_id)
        REFERENCES public.p (id) ON DELETE CASCADE NOT VALID
"""


@pytest.fixture
def lab(lab):
    lab.execute(*SETUP)
    lab.revision(UP, DOWN)
    return lab


def test_the_key_stands_validated(lab):
    lab.upgrade()
    assert lab.snapshot()["constraint"][KEY] == (
        "FOREIGN KEY (p_id) REFERENCES public.p(id) ON DELETE CASCADE"
    )


def test_dropping_leaves_no_trace(lab):
    lab.upgrade()
    lab.downgrade()
    assert KEY not in lab.snapshot()["constraint"]


def test_printed_sql_does_the_same(lab, same_offline):
    same_offline(lab)


def test_all_may_be_called_twice(lab):
    lab.revision(UP + UP, DOWN + "\n" + DOWN)
    lab.upgrade()
    lab.downgrade()
    assert KEY not in lab.snapshot()["constraint"]


def test_killed_anywhere_it_is_repeated(lab, survives_kills):
    survives_kills(lab, lambda lab: lab.upgrade())


def test_new_rows_are_refused_even_if_old_ones_are_bad(lab):
    lab.execute("INSERT INTO public.c VALUES (9, 9)")
    with pytest.raises(RolloutError, match="c_p_fkey"):
        lab.upgrade()
    assert lab.snapshot()["constraint"][KEY].endswith("NOT VALID")
    lab.execute("DELETE FROM public.c WHERE id = 9")
    lab.upgrade()
    assert not lab.snapshot()["constraint"][KEY].endswith("NOT VALID")


@pytest.mark.parametrize("table", ["p", "c"])
def test_writers_of_both_tables_go_on_while_it_waits_for_one(lab, table):
    queues_nobody(
        lab,
        lambda lab: lab.upgrade(),
        blocker=f"UPDATE public.{table} SET note = 'mine' WHERE id = 1",
        bystanders=(
            "UPDATE public.p SET note = 'x' WHERE id = 2",
            "UPDATE public.c SET note = 'x' WHERE id = 2",
        ),
    )
    assert KEY in lab.snapshot()["constraint"]


def test_readers_go_on_while_the_drop_waits(lab):
    lab.upgrade()
    queues_nobody(
        lab,
        lambda lab: lab.downgrade(),
        blocker="TABLE public.p",
        bystanders=("TABLE public.p", "UPDATE public.c SET note = 'x' WHERE id = 2"),
    )
    assert KEY not in lab.snapshot()["constraint"]


def test_giving_up_changes_nothing(lab):
    with (
        held(lab, "UPDATE public.p SET note = 'mine'"),
        pytest.raises(LockWaitTimeout, match="nightly report"),
    ):
        lab.upgrade(lock_wait_s=0.2)
    assert KEY not in lab.snapshot()["constraint"]


def test_validation_waits_for_another_and_nobody_waits_for_it(lab):
    """Its own mode conflicts with itself: ANALYZE or another ALTER may be running."""
    lab.execute(NOT_VALID)
    queues_nobody(
        lab,
        lambda lab: lab.upgrade(),
        blocker="LOCK TABLE public.c IN SHARE UPDATE EXCLUSIVE MODE",
        bystanders=(
            "UPDATE public.c SET note = 'x' WHERE id = 2",
            "UPDATE public.p SET note = 'x' WHERE id = 2",
        ),
        waiting="SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)",
    )
    assert not lab.snapshot()["constraint"][KEY].endswith("NOT VALID")


def test_without_patience_validation_takes_a_lock_that_is_free_and_no_other(lab):
    """lock_wait_s 0: to PostgreSQL a lock_timeout of 0 would be to wait for ever."""
    lab.execute(NOT_VALID)
    blocker = "LOCK TABLE public.c IN SHARE UPDATE EXCLUSIVE MODE"
    with held(lab, blocker), pytest.raises(RolloutError, match="lock"):
        lab.upgrade(lock_wait_s=0)
    assert lab.snapshot()["constraint"][KEY].endswith("NOT VALID")
    lab.upgrade(lock_wait_s=0)
    assert not lab.snapshot()["constraint"][KEY].endswith("NOT VALID")
