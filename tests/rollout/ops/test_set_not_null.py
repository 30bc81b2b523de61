"""set_not_null and drop_not_null."""

import logging

import pytest

from rollout.errors import RolloutError
from rollout.running.locks import LockWaitTimeout
from tests.rollout.ops.interrupt import held, queues_nobody

LONG = "a_column_with_a_name_so_long_that_a_check_named_for_it_is_cut"
UP = 'set_not_null("public.t", "n")'
DOWN = 'drop_not_null("public.t", "n")'
COLUMN = "public.t.n"


@pytest.fixture
def lab(lab):
    lab.execute(
        f"CREATE TABLE public.t (id int PRIMARY KEY, n int, {LONG} int DEFAULT 1)",
        "INSERT INTO public.t SELECT g, g FROM generate_series(1, 50) AS g",
    )
    lab.revision(UP, DOWN)
    return lab


def constraints(lab):
    found = lab.snapshot()["constraint"]
    return {name: text for name, text in found.items() if name.startswith("public.t ")}


def test_the_column_takes_no_null_and_no_check_stays(lab):
    before = constraints(lab)
    lab.upgrade()
    assert lab.snapshot()["column"][COLUMN] == "integer NOT NULL"
    assert constraints(lab) == before


def test_rows_are_not_read_again(lab, caplog):
    name = lab.value("SELECT current_database()")
    lab.execute(f"ALTER DATABASE {name} SET client_min_messages = debug1")
    caplog.set_level(logging.INFO, logger="sqlalchemy.dialects.postgresql")
    lab.upgrade()
    assert 'existing constraints on column "t.n" are sufficient' in caplog.text


def test_printed_sql_does_the_same(lab, same_offline):
    same_offline(lab)
    assert lab.snapshot()["column"][COLUMN] == "integer"


def test_both_may_be_called_twice(lab):
    lab.revision(f"{UP}\n{UP}", f"{DOWN}\n{DOWN}")
    lab.upgrade()
    lab.downgrade()
    assert lab.snapshot()["column"][COLUMN] == "integer"


def test_a_name_too_long_for_a_check_does_no_harm(lab):
    before = constraints(lab)
    lab.revision(f'set_not_null("public.t", "{LONG}")')
    lab.upgrade()
    assert "NOT NULL" in lab.snapshot()["column"][f"public.t.{LONG}"]
    assert constraints(lab) == before


def test_killed_anywhere_it_is_repeated(lab, survives_kills):
    survives_kills(lab, lambda lab: lab.upgrade())


def test_nulls_are_refused_until_they_are_filled(lab):
    lab.execute("UPDATE public.t SET n = NULL WHERE id = 7")
    with pytest.raises(RolloutError, match="t_n_is_set"):
        lab.upgrade()
    lab.execute("UPDATE public.t SET n = 0 WHERE id = 7")
    lab.upgrade()
    assert lab.snapshot()["column"][COLUMN] == "integer NOT NULL"


@pytest.mark.parametrize("step", ["upgrade", "downgrade"])
def test_readers_and_writers_go_on_while_it_waits(lab, step):
    if step == "downgrade":
        lab.upgrade()
    queues_nobody(
        lab,
        lambda lab: lab.alembic(step, {"upgrade": "head", "downgrade": "base"}[step]),
        blocker="TABLE public.t",
        bystanders=("TABLE public.t", "UPDATE public.t SET n = 5 WHERE id = 2"),
    )
    assert ("NOT NULL" in lab.snapshot()["column"][COLUMN]) == (step == "upgrade")


def test_giving_up_changes_nothing(lab):
    before = constraints(lab)
    with (
        held(lab, "TABLE public.t"),
        pytest.raises(LockWaitTimeout, match="nightly report.*TABLE public.t"),
    ):
        lab.upgrade(lock_wait_s=0.2)
    assert constraints(lab) == before
