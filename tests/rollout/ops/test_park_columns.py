"""park_columns and restore_columns."""

import pytest

from rollout.running.locks import LockWaitTimeout
from tests.rollout.ops.interrupt import held, queues_nobody, statements_seen

UP = """
    add_column("public.t", Column("version", INTEGER, server_default=text("1")),
        Column("note", TEXT))
    restore_columns("public.t", {"version": "1", "note": "NULL"})
"""
DOWN = 'park_columns("public.t", {"version": "1", "note": "NULL"})'
VALUES = "UPDATE public.t SET version = id, note = 'n' || id WHERE id % 3 = 0"
TABLE = "TABLE public.t ORDER BY id"


@pytest.fixture
def lab(lab):
    lab.execute(
        "CREATE TABLE public.t (id int PRIMARY KEY, own text)",
        "INSERT INTO public.t SELECT generate_series(1, 30)",
    )
    lab.revision(UP, DOWN)
    lab.upgrade()
    lab.execute(VALUES)
    return lab


def test_the_round_trip_keeps_every_value(lab):
    before = lab.rows(TABLE)
    catalog = lab.snapshot()
    lab.downgrade()
    assert "public.t.version" not in lab.snapshot()["column"]
    assert lab.value("SELECT count(*) FROM parked.t__001") == 10  # no default is copied
    lab.upgrade()
    assert lab.rows(TABLE) == before
    assert lab.snapshot() == catalog


def test_what_is_written_or_deleted_meanwhile_counts(lab):
    lab.downgrade()
    lab.execute(
        "DELETE FROM public.t WHERE id = 3",
        "INSERT INTO public.t VALUES (3, 'another')",
        "DELETE FROM public.t WHERE id = 6",
        "UPDATE public.t SET own = 'new' WHERE id = 9",
    )
    lab.upgrade()
    assert lab.rows("SELECT * FROM public.t WHERE id IN (3, 6, 9) ORDER BY id") == [
        (3, "another", 1, None), (9, "new", 9, "n9")
    ]  # fmt: skip


def test_a_row_whose_key_changes_keeps_its_values(lab):
    """While they are copied, and when they are parked already."""

    def rename(statement):
        if "LOCK TABLE" in statement and "ACCESS EXCLUSIVE" in statement:
            lab.execute("UPDATE public.t SET id = 300 WHERE id = 3")

    with statements_seen(rename):
        lab.downgrade(workers=1)
    lab.execute("UPDATE public.t SET id = 600 WHERE id = 6")
    lab.upgrade()
    assert lab.rows("SELECT * FROM public.t WHERE id > 30 ORDER BY id") == [
        (300, None, 3, "n3"), (600, None, 6, "n6")
    ]  # fmt: skip


def test_an_import_that_fires_no_triggers_is_followed_too(lab):
    def write(statement):
        if "LOCK TABLE" in statement and "ACCESS EXCLUSIVE" in statement:
            lab.execute(
                "SET session_replication_role = replica; "
                "UPDATE public.t SET note = 'imported' WHERE id = 3"
            )

    with statements_seen(write):
        lab.downgrade(workers=1)
    lab.upgrade()
    assert lab.value("SELECT note FROM public.t WHERE id = 3") == "imported"


def test_a_row_that_an_import_deleted_is_not_waited_for(lab, twins):
    """No foreign key has seen it go, so its values are still parked."""
    lab.downgrade()
    lab.execute(
        "SET session_replication_role = replica; DELETE FROM public.t WHERE id = 3"
    )
    (printed,) = twins(lab)
    lab.upgrade(lock_wait_s=1)
    assert lab.value("SELECT to_regclass('parked.t__001') IS NULL")
    printed.psql(printed.upgrade("base:001", sql=True))
    lab.assert_same(printed)


def test_printed_sql_does_the_same(lab, twins):
    (printed,) = twins(lab)
    lab.downgrade()
    printed.psql(printed.downgrade("001:base", sql=True))
    lab.assert_same(printed)
    lab.upgrade()
    printed.psql(printed.upgrade(sql=True))
    lab.assert_same(printed)


def test_a_killed_downgrade_is_repeated(lab, survives_kills):
    survives_kills(lab, lambda lab: lab.downgrade("base"))


def test_a_killed_upgrade_is_repeated(lab, survives_kills):
    lab.downgrade()
    survives_kills(lab, lambda lab: lab.upgrade())


def test_what_is_written_between_a_kill_and_the_rerun_is_kept(lab):
    """The trigger follows from the moment the copy begins."""
    with (
        held(lab, "LOCK TABLE public.t IN ACCESS SHARE MODE"),
        pytest.raises(LockWaitTimeout, match="ACCESS EXCLUSIVE"),
    ):
        lab.downgrade(lock_wait_s=0.2)
    lab.execute("UPDATE public.t SET note = 'late' WHERE id IN (1, 3)")
    lab.downgrade()
    lab.upgrade()
    assert lab.rows("SELECT id FROM public.t WHERE note = 'late'") == [(1,), (3,)]


@pytest.mark.parametrize(
    "blocker", ["UPDATE public.t SET own = 'x' WHERE id = 1", "TABLE public.t"]
)
def test_readers_and_writers_go_on_while_parking_waits(lab, blocker):
    queues_nobody(
        lab,
        lambda lab: lab.downgrade(),
        blocker=blocker,
        bystanders=("TABLE public.t", "UPDATE public.t SET own = 'y' WHERE id = 2"),
    )
    assert lab.value("SELECT count(*) FROM parked.t__001") == 10


def test_a_held_row_is_restored_later_and_keeps_no_other_waiting(lab):
    before = lab.rows("SELECT id, version, note FROM public.t ORDER BY id")
    lab.revision('restore_columns("public.t", {"version": "1", "note": "NULL"})', DOWN)
    lab.upgrade()
    lab.downgrade()
    lab.execute("ALTER TABLE public.t ADD version int DEFAULT 1, ADD note text")
    holder = "UPDATE public.t SET own = 'mine' WHERE id = 3"
    with held(lab, holder), pytest.raises(LockWaitTimeout, match="nightly report"):
        lab.upgrade(lock_wait_s=0.2)
    assert lab.rows("SELECT id FROM parked.t__002") == [(3,)]
    lab.upgrade()
    assert lab.rows("SELECT id, version, note FROM public.t ORDER BY id") == before


def test_values_written_since_the_columns_came_back_win(lab):
    lab.downgrade()
    lab.execute(
        "ALTER TABLE public.t ADD version int DEFAULT 1, ADD note text",
        "UPDATE public.t SET version = 77 WHERE id = 3",
    )
    lab.upgrade()
    assert lab.rows("SELECT version, note FROM public.t WHERE id IN (3, 6)") == [
        (77, None), (6, "n6")
    ]  # fmt: skip


def test_giving_up_names_who_is_in_the_way(lab):
    with (
        held(lab, "UPDATE public.t SET own = 'mine' WHERE id = 3"),
        pytest.raises(LockWaitTimeout, match="nightly report.*UPDATE public.t"),
    ):
        lab.downgrade(lock_wait_s=0.2)
    assert lab.value("SELECT version FROM public.t WHERE id = 30") == 30
