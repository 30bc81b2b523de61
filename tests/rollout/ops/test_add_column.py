"""add_column."""

import pytest

from rollout.running.locks import LockWaitTimeout
from tests.rollout.ops.interrupt import held, queues_nobody

UP = """
    add_column(
        "public.t",
        Column("version", INTEGER, server_default=text("1"), nullable=False),
        Column("seen_at", TIMESTAMP(timezone=True), server_default=text("now()")),
        Column("note", TEXT),
    )
"""
DOWN = 'op.execute("ALTER TABLE public.t DROP version, DROP seen_at, DROP note")'
COLUMNS = ("public.t.version", "public.t.seen_at", "public.t.note")


@pytest.fixture
def lab(lab):
    lab.execute(
        "CREATE TABLE public.t (id int PRIMARY KEY)",
        "INSERT INTO public.t SELECT generate_series(1, 100)",
    )
    lab.revision(UP, DOWN)
    return lab


def test_columns_come_with_their_defaults_and_no_row_is_rewritten(lab):
    before = lab.value("SELECT pg_relation_filenode('public.t')")
    lab.upgrade()
    columns = lab.snapshot()["column"]
    assert [columns[name] for name in COLUMNS] == [
        "integer NOT NULL DEFAULT 1",
        "timestamp with time zone DEFAULT now()",
        "text",
    ]
    assert lab.value("SELECT count(*) FROM public.t WHERE version = 1") == 100
    assert lab.value("SELECT pg_relation_filenode('public.t')") == before


def test_printed_sql_makes_the_same_columns(lab, twins):
    (printed,) = twins(lab)
    lab.upgrade()
    printed.psql(printed.upgrade(sql=True))
    assert lab.snapshot() == printed.snapshot()


def test_it_may_be_called_twice(lab):
    lab.revision(UP)
    lab.upgrade()


def test_killed_anywhere_it_is_repeated(lab, survives_kills):
    lab.execute("ALTER TABLE public.t ADD seen_at timestamptz DEFAULT 'epoch'")
    survives_kills(lab, lambda lab: lab.upgrade(), kills=4)


@pytest.mark.parametrize("call", ["gen_random_uuid()", "clock_timestamp()", "f(1)"])
def test_a_default_that_would_rewrite_the_table_is_refused(lab, call):
    lab.revision(
        f'add_column("public.t", Column("x", TEXT, server_default=text("{call}")))'
    )
    lab.upgrade("001")
    before = lab.state()
    with pytest.raises(ValueError, match="would rewrite every row"):
        lab.upgrade()
    lab.assert_is(before)


def test_readers_go_on_while_it_waits(lab):
    queues_nobody(
        lab,
        lambda lab: lab.upgrade(),
        blocker="TABLE public.t",
        bystanders=("TABLE public.t", "UPDATE public.t SET id = 1 WHERE id = 1"),
    )
    assert COLUMNS[0] in lab.snapshot()["column"]


def test_giving_up_changes_nothing(lab):
    with (
        held(lab, "TABLE public.t"),
        pytest.raises(LockWaitTimeout, match="TABLE public.t"),
    ):
        lab.upgrade(lock_wait_s=0.2)
    assert COLUMNS[0] not in lab.snapshot()["column"]
