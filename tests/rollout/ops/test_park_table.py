"""park_table, restore_table, park_function."""

import pytest

from rollout.ops.park_table import AlreadyParked
from rollout.running.locks import LockWaitTimeout
from tests.rollout.ops.interrupt import held, queues_nobody

CREATE = """
    CREATE TABLE app.things (
        id serial CONSTRAINT things_pkey PRIMARY KEY,
        p_id int CONSTRAINT things_p_fkey REFERENCES app.p (id) ON DELETE CASCADE,
        touched int NOT NULL DEFAULT 0 CONSTRAINT touched_positive CHECK (touched >= 0)
    )
"""
FUNCTION = """
    CREATE OR REPLACE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN NEW.touched := NEW.touched + 1; RETURN NEW; END $$
"""
UP = f"""
    restore_function("app.touch()")
    run_sql({FUNCTION!r})
    if restore_table("app.things"):
        return
    run_sql({CREATE!r})
    run_sql("CREATE INDEX things_touched ON app.things (touched)")
    run_sql("ALTER TABLE app.things ENABLE ROW LEVEL SECURITY")
    run_sql("CREATE POLICY mine ON app.things USING (p_id = 1)")
    run_sql("GRANT SELECT ON app.things TO PUBLIC")
    run_sql("COMMENT ON COLUMN app.things.touched IS 'how often'")
    run_sql("CREATE TRIGGER touch BEFORE UPDATE ON app.things "
        "FOR EACH ROW EXECUTE FUNCTION app.touch()")
"""
DOWN = """
    park_table("app.things")
    park_function("app.touch()")
"""
FILL = "INSERT INTO app.things (p_id) VALUES (1), (2), (2)"


@pytest.fixture
def lab(lab):
    lab.execute(
        "CREATE SCHEMA app",
        "CREATE TABLE app.p (id int PRIMARY KEY)",
        "INSERT INTO app.p VALUES (1), (2)",
    )
    lab.revision(UP, DOWN)
    return lab


def test_the_round_trip_keeps_every_row_and_every_object(lab):
    lab.upgrade()
    lab.execute(FILL, "UPDATE app.things SET touched = 5 WHERE id = 2")
    before = lab.state()
    lab.downgrade()
    assert lab.value("SELECT to_regclass('app.things') IS NULL")
    assert lab.value("SELECT to_regprocedure('app.touch()') IS NULL")
    lab.upgrade()
    lab.assert_is(before)
    lab.execute("INSERT INTO app.things (p_id) VALUES (1)")
    assert lab.value("SELECT max(id) FROM app.things") == 4


def test_rows_whose_parent_goes_meanwhile_go_too(lab):
    lab.upgrade()
    lab.execute(FILL)
    lab.downgrade()
    lab.execute("DELETE FROM app.p WHERE id = 2")
    lab.upgrade()
    assert lab.rows("SELECT p_id FROM app.things") == [(1,)]


def test_printed_sql_does_the_same(lab, twins):
    """Up, down, and up again, when there is something to bring back."""
    (printed,) = twins(lab)
    lab.upgrade()
    printed.psql(printed.upgrade(sql=True))
    for one in (lab, printed):
        one.execute(FILL)
    for step in ("downgrade", "upgrade"):
        target = {"downgrade": "001:base", "upgrade": "001"}[step]
        lab.alembic(step, target.rpartition(":")[2])
        printed.psql(printed.alembic(step, target, sql=True))
        lab.assert_same(printed)


def test_both_may_be_called_twice(lab):
    lab.revision('restore_table("app.things")\n' * 2, 'park_table("app.things")\n' * 2)
    lab.upgrade()
    lab.execute(FILL)
    lab.downgrade()
    lab.upgrade()
    assert lab.value("SELECT count(*) FROM app.things") == 3


@pytest.mark.parametrize("step", ["downgrade", "upgrade"])
def test_killed_anywhere_it_is_repeated(lab, survives_kills, step):
    lab.upgrade()
    lab.execute(FILL)
    if step == "upgrade":
        lab.downgrade()
    target = {"downgrade": "base", "upgrade": "head"}[step]
    survives_kills(lab, lambda lab: lab.alembic(step, target), kills=5)


def test_readers_go_on_while_parking_waits(lab):
    lab.upgrade()
    queues_nobody(
        lab,
        lambda lab: lab.downgrade(),
        blocker="TABLE app.things",
        bystanders=("TABLE app.things", "INSERT INTO app.things (p_id) VALUES (1)"),
    )
    assert lab.value("SELECT to_regclass('app.things') IS NULL")


def test_the_referenced_table_is_not_locked(lab):
    lab.upgrade()
    with held(lab, "LOCK TABLE app.p"):
        lab.downgrade(lock_wait_s=0.2)
        lab.upgrade(lock_wait_s=0.2)


def test_giving_up_changes_nothing(lab):
    lab.upgrade()
    before = lab.state()
    with (
        held(lab, "TABLE app.things"),
        pytest.raises(LockWaitTimeout, match="app.things"),
    ):
        lab.downgrade(lock_wait_s=0.2)
    lab.assert_is(before)


def test_a_table_parked_earlier_is_never_covered(lab):
    lab.upgrade()
    lab.execute(FILL)
    lab.downgrade()
    lab.alembic("stamp", "001")
    lab.execute("CREATE TABLE app.things (id int)")
    before = lab.state()
    with pytest.raises(AlreadyParked, match=r"parked\.things is there already"):
        lab.downgrade()
    lab.assert_is(before)
    lab.execute("ALTER TABLE parked.things RENAME TO things_earlier")
    lab.downgrade()
    assert lab.value("SELECT count(*) FROM parked.things_earlier") == 3
