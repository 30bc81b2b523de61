"""add_check and drop_check."""

import pytest

from rollout.errors import RolloutError
from rollout.running.locks import LockWaitTimeout
from tests.rollout.ops.interrupt import Watch, held, queues_nobody, statements_seen

UP = """add_check("n_small", "public.t", "n < 100 AND note NOT LIKE '5%:x'")"""
DOWN = 'drop_check("n_small", "public.t")'
CHECK = "public.t n_small"
WRITE = "UPDATE public.t SET n = 5 WHERE id = 2"


@pytest.fixture
def lab(lab):
    lab.execute(
        "CREATE TABLE public.t (id int PRIMARY KEY, n int, note text)",
        "INSERT INTO public.t SELECT g, g, g FROM generate_series(1, 50) AS g",
    )
    lab.revision(UP, DOWN)
    return lab


def test_the_check_stands_validated(lab):
    lab.upgrade()
    assert lab.snapshot()["constraint"][CHECK] == (
        "CHECK (((n < 100) AND (note !~~ '5%:x'::text)))"
    )


def test_printed_sql_does_the_same(lab, same_offline):
    same_offline(lab)
    assert CHECK not in lab.snapshot()["constraint"]


def test_both_may_be_called_twice(lab):
    lab.revision(f"{UP}\n{UP}", f"{DOWN}\n{DOWN}")
    lab.upgrade()
    lab.downgrade()
    assert CHECK not in lab.snapshot()["constraint"]


def test_killed_anywhere_it_is_repeated(lab, survives_kills):
    survives_kills(lab, lambda lab: lab.upgrade(), kills=6)


def test_a_script_killed_half_way_is_run_again(lab):
    lab.execute(
        "ALTER TABLE public.t ADD CONSTRAINT n_small "
        "CHECK (n < 100 AND note NOT LIKE '5%:x') NOT VALID"
    )
    lab.psql(lab.upgrade(sql=True))
    assert not lab.snapshot()["constraint"][CHECK].endswith("NOT VALID")


def test_new_rows_are_refused_even_if_old_ones_are_bad(lab):
    lab.execute("INSERT INTO public.t VALUES (99, 101, 'bad')")
    with pytest.raises(RolloutError, match="n_small"):
        lab.upgrade()
    assert lab.snapshot()["constraint"][CHECK].endswith("NOT VALID")
    lab.execute("DELETE FROM public.t WHERE id = 99")
    lab.upgrade()
    assert not lab.snapshot()["constraint"][CHECK].endswith("NOT VALID")


def test_the_strong_lock_is_gone_before_rows_are_read(lab):
    """Whoever holds SHARE UPDATE EXCLUSIVE keeps the validation out, nothing else."""
    seen = []

    def look(statement):
        if "VALIDATE CONSTRAINT" in statement:
            seen.extend(
                lab.rows("SELECT FROM pg_locks WHERE mode = 'AccessExclusiveLock'")
            )
            seen.append("validated")

    with statements_seen(look):
        lab.upgrade()
    assert seen == ["validated"]


@pytest.mark.parametrize("step", ["upgrade", "downgrade"])
def test_readers_and_writers_go_on_while_it_waits(lab, step):
    if step == "downgrade":
        lab.upgrade()
    queues_nobody(
        lab,
        lambda lab: lab.alembic(step, {"upgrade": "head", "downgrade": "base"}[step]),
        blocker="TABLE public.t",
        bystanders=("TABLE public.t", WRITE),
        watch=Watch("LOCK TABLE", times=40),
    )
    assert (CHECK in lab.snapshot()["constraint"]) == (step == "upgrade")


def test_giving_up_changes_nothing(lab):
    with (
        held(lab, "TABLE public.t"),
        pytest.raises(LockWaitTimeout, match="nightly report.*TABLE public.t"),
    ):
        lab.upgrade(lock_wait_s=0.2)
    assert CHECK not in lab.snapshot()["constraint"]
