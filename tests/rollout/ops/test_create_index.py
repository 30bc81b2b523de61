"""create_index and drop_index."""

from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from rollout.ops.create_index import AnotherIndex
from tests.rollout.ops.interrupt import (
    PATIENCE_S,
    Watch,
    held,
    queues_nobody,
    statements_seen,
    until,
)

SETUP = (
    "CREATE TABLE public.t (id bigint PRIMARY KEY, a int, b text)",
    "INSERT INTO public.t SELECT g, g % 7, 'b' FROM generate_series(1, 200) AS g",
)
UP = 'create_index("t_a", "public.t", "a, b DESC", unique=False, where="a > 1")'
DOWN = 'drop_index("public.t_a")'
WAITING = """
    SELECT EXISTS (SELECT FROM pg_stat_progress_create_index)
        OR EXISTS (SELECT FROM pg_locks WHERE NOT granted)
"""


@pytest.fixture
def lab(lab):
    lab.execute(*SETUP)
    lab.revision(UP, DOWN)
    return lab


def test_the_index_is_built_as_asked(lab):
    lab.upgrade()
    assert lab.snapshot()["index"]["public.t_a"] == (
        "CREATE INDEX t_a ON public.t USING btree (a, b DESC) WHERE (a > 1)"
    )


def test_dropping_leaves_no_trace(lab):
    lab.upgrade()
    lab.downgrade()
    assert "public.t_a" not in lab.snapshot()["index"]


def test_printed_sql_does_the_same(lab, same_offline):
    same_offline(lab)


def test_both_may_be_called_twice(lab):
    lab.revision(f"{UP}\n{UP}", f"{DOWN}\n{DOWN}")
    lab.upgrade()
    lab.downgrade()


def test_a_killed_build_is_repeated(lab, survives_kills):
    survives_kills(lab, lambda lab: lab.upgrade())


def test_an_invalid_index_is_built_again(lab):
    lab.execute("INSERT INTO public.t VALUES (0, 6, 'twice')")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        lab.execute("CREATE UNIQUE INDEX CONCURRENTLY t_a ON public.t (a)")
    assert "INVALID" in lab.snapshot()["index"]["public.t_a"]
    lab.upgrade()
    assert "INVALID" not in lab.snapshot()["index"]["public.t_a"]


def test_writers_go_on_while_an_old_transaction_holds_the_build_up(lab):
    queues_nobody(
        lab,
        lambda lab: lab.upgrade(),
        blocker="UPDATE public.t SET a = 0 WHERE id = 1",
        bystanders=("UPDATE public.t SET a = 1 WHERE id = 2", "TABLE public.t"),
        waiting=WAITING,
    )
    assert "INVALID" not in lab.snapshot()["index"]["public.t_a"]


def test_writers_go_on_while_a_reader_holds_the_drop_up(lab):
    lab.upgrade()
    queues_nobody(
        lab,
        lambda lab: lab.downgrade(),
        blocker="SELECT FROM public.t",
        bystanders=("UPDATE public.t SET a = 1 WHERE id = 2", "TABLE public.t"),
        waiting="SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)",
    )
    assert "public.t_a" not in lab.snapshot()["index"]


def test_a_build_orphaned_by_its_client_is_waited_for(lab):
    """Another session builds the very index: neither dropped nor built beside it."""
    orphan = "CREATE INDEX CONCURRENTLY t_a ON public.t (a)"
    asked = Watch("pg_stat_progress_create_index", times=3)
    with statements_seen(asked), ThreadPoolExecutor(2) as pool:
        with held(lab, "UPDATE public.t SET a = 0 WHERE id = 1"):
            building = pool.submit(lab.execute, orphan)
            until(lambda: lab.value(WAITING))
            upgrade = pool.submit(lab.upgrade)
            assert asked.reached.wait(PATIENCE_S)
        building.result()
        upgrade.result()
    assert "(a)" in lab.snapshot()["index"]["public.t_a"]


def test_an_index_of_that_name_with_the_same_definition_is_taken_as_it_is(lab):
    lab.execute("CREATE INDEX t_a ON t USING btree (a, b DESC NULLS FIRST) WHERE a>1")
    before = lab.value("SELECT 'public.t_a'::regclass::oid")
    lab.upgrade()
    assert lab.value("SELECT 'public.t_a'::regclass::oid") == before


@pytest.mark.parametrize(
    "other",
    [
        "INDEX t_a ON public.t (a)",
        "INDEX t_a ON public.t (a, b DESC)",
        "UNIQUE INDEX t_a ON public.t (a, b DESC, id) WHERE a > 1",
    ],
)
def test_an_index_of_that_name_with_another_definition_is_refused(lab, other):
    lab.execute(f"CREATE {other}")
    before = lab.snapshot()["index"]["public.t_a"]
    with pytest.raises(AnotherIndex, match="is there with another definition") as e:
        lab.upgrade()
    assert e.value.wanted == "USING btree (a, b DESC) WHERE (a > 1)"
    assert lab.snapshot()["index"]["public.t_a"] == before
    lab.execute("DROP INDEX public.t_a")
    lab.upgrade()
