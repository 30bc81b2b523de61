"""change_column_type, revert_column_type, finish_column_type, resume_column_type."""

import threading
import time
from contextlib import closing, contextmanager

import psycopg2
import pytest

from rollout.bookkeeping.unfinished import NothingToAbandon, RevisionUnfinished
from rollout.errors import RolloutError
from rollout.running.locks import LockWaitTimeout
from tests.rollout.ops.interrupt import Kill, held, queues_nobody, statements_seen

SETUP = (
    "CREATE SCHEMA app",
    "CREATE TABLE app.rate (code int PRIMARY KEY)",
    "INSERT INTO app.rate SELECT generate_series(0, 9)",
    """
    CREATE TABLE app.t (
        id int CONSTRAINT t_pkey PRIMARY KEY,
        amount text NOT NULL DEFAULT '0'
            CONSTRAINT amount_short CHECK (length(amount) < 20),
        code int CONSTRAINT t_code_fkey REFERENCES app.rate (code) ON DELETE CASCADE,
        note text,
        updated_at int NOT NULL DEFAULT 0,
        CONSTRAINT t_amount_key UNIQUE (amount, id)
    )
    """,
    "CREATE INDEX t_amount ON app.t (lower(amount) DESC) WHERE amount <> ''",
    "CREATE INDEX t_code ON app.t (code) INCLUDE (note)",
    "COMMENT ON COLUMN app.t.amount IS 'in dollars'",
    "COMMENT ON COLUMN app.t.code IS 'which rate'",
    "COMMENT ON INDEX app.t_code IS 'for the join'",
    "COMMENT ON CONSTRAINT t_code_fkey ON app.t IS 'its rate'",
    "CREATE STATISTICS app.t_stats ON code, note FROM app.t",
    "ALTER TABLE app.t ALTER code SET STATISTICS 50",
    "ALTER TABLE app.t ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY p ON app.t FOR UPDATE USING (code > 0) WITH CHECK (code < 100)",
    "GRANT SELECT (code), UPDATE (code) ON app.t TO PUBLIC",
    """
    CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.updated_at := NEW.updated_at + 1; RETURN NEW; END $$
    """,
    """
    CREATE TRIGGER touch BEFORE UPDATE ON app.t
        FOR EACH ROW EXECUTE FUNCTION app.touch()
    """,
    """
    CREATE TRIGGER code_touch BEFORE UPDATE OF code ON app.t FOR EACH ROW
        WHEN (OLD.code IS DISTINCT FROM NEW.code) EXECUTE FUNCTION app.touch()
    """,
    """
    INSERT INTO app.t (id, amount, code) SELECT g, g || '.5', g % 10
        FROM generate_series(1, 60) AS g
    """,
    "UPDATE app.t SET amount = ' 7.000' WHERE id = 7",
)
CODE = 'change_column_type("app.t", "code", "bigint")'
REVERT_CODE = 'revert_column_type("app.t", "code")'
AMOUNT = """
    op.execute("ALTER TABLE app.t DROP CONSTRAINT IF EXISTS amount_short")
    op.execute("DROP INDEX IF EXISTS app.t_amount")
    change_column_type("app.t", "amount", "numeric(15, 2)",
        using="amount::numeric(15, 2)", back="amount::text")
"""
REVERT_AMOUNT = 'revert_column_type("app.t", "amount")'
ROWS = "SELECT id, amount, code, note, updated_at FROM app.t ORDER BY id"


@pytest.fixture
def lab(lab):
    lab.execute(*SETUP)
    return lab


def without_followers(snapshot):
    """The catalog but for what belongs to the layer, and the columns' order."""
    return {
        kind: {
            name: sorted(text.replace(",", "").split())
            if kind == "statistics"
            else text
            for name, text in found.items()
            if not any(
                word in name
                for word in ("_old", "zzzz_follow", "migrations.", "schema")
            )
            and not name.startswith(("schema", "parked"))
        }
        for kind, found in snapshot.items()
        if kind != "schema"
    }


def test_only_the_type_changes_and_everything_comes_along(lab):
    before, rows = without_followers(lab.snapshot()), lab.rows(ROWS)
    before["column"]["app.t.code"] = before["column"]["app.t.code"].replace(
        "integer", "bigint"
    )
    lab.revision(CODE, REVERT_CODE)
    lab.upgrade()
    assert without_followers(lab.snapshot()) == before
    assert lab.rows(ROWS) == rows
    lab.execute("UPDATE app.t SET code = 3 WHERE id = 1")
    assert lab.rows("SELECT code, code_old FROM app.t WHERE id = 1") == [(3, 3)]


def test_going_back_leaves_no_trace(lab):
    before, rows = without_followers(lab.snapshot()), lab.rows(ROWS)
    lab.revision(CODE, REVERT_CODE)
    lab.upgrade()
    lab.downgrade("base")
    assert without_followers(lab.snapshot()) == before
    assert lab.rows(ROWS) == rows


def test_printed_sql_does_the_same(lab, same_offline):
    lab.revision(CODE, REVERT_CODE)
    lab.revision(AMOUNT, REVERT_AMOUNT)
    same_offline(lab)


def test_values_are_converted_and_untouched_ones_come_back_byte_for_byte(lab):
    lab.revision(AMOUNT, REVERT_AMOUNT)
    rows = lab.rows(ROWS)
    lab.upgrade()
    assert lab.snapshot()["column"]["app.t.amount"] == (
        "numeric(15,2) NOT NULL DEFAULT ('0'::text)::numeric(15,2) COMMENT 'in dollars'"
    )
    assert lab.value("SELECT amount FROM app.t WHERE id = 7") == 7
    lab.execute(
        "UPDATE app.t SET note = 'x' WHERE id = 7",
        "UPDATE app.t SET amount = 1.25 WHERE id = 8",
        "INSERT INTO app.t (id) VALUES (100)",
        "DELETE FROM app.t WHERE id = 9",
    )
    lab.downgrade("base")
    now = {row[0]: row[1] for row in lab.rows(ROWS)}
    was = {row[0]: row[1] for row in rows}
    assert (now.pop(8), now.pop(100)) == ("1.25", "0.00")
    del was[8], was[9]
    assert now == was
    assert lab.value("SELECT column_default FROM information_schema.columns "
        "WHERE table_name = 't' AND column_name = 'amount'") == "'0'::text"  # fmt: skip


def test_no_other_column_is_touched_by_it(lab):
    lab.revision(CODE)
    lab.upgrade()
    assert lab.value("SELECT max(updated_at) FROM app.t WHERE id <> 7") == 0


def test_the_application_goes_on_from_the_first_step_to_the_last(lab):
    """Rows written while it works, at every stage, are converted too."""
    lab.revision(CODE, REVERT_CODE)
    numbers = iter(range(1000, 2000))

    def write(_):
        number = next(numbers)
        try:
            lab.execute(
                f"SET lock_timeout = '5ms'; "
                f"INSERT INTO app.t (id, code) VALUES ({number}, {number % 10})",
                f"SET lock_timeout = '5ms'; "
                f"UPDATE app.t SET code = code WHERE id = {number - 1}",
            )
        except psycopg2.errors.LockNotAvailable:
            return  # the layer holds the lock at this moment

    with statements_seen(write):
        lab.upgrade(workers=1)
    assert lab.value("SELECT count(*) FROM app.t WHERE id >= 1000") > 20
    assert lab.rows("SELECT id FROM app.t WHERE code IS DISTINCT FROM code_old") == []
    assert lab.rows("SELECT id FROM app.t WHERE code IS DISTINCT FROM id % 10 "
        "AND id >= 1000") == []  # fmt: skip


def test_values_that_do_not_fit_stop_it_and_the_application_goes_on(lab):
    lab.revision(AMOUNT)
    lab.execute("UPDATE app.t SET amount = 'a lot' WHERE id = 3")
    before = lab.snapshot()["column"]["app.t.amount"]
    with pytest.raises(
        RolloutError, match=r"1 values of app.t.amount.*3 \(invalid input"
    ):
        lab.upgrade()
    assert lab.snapshot()["column"]["app.t.amount"] == before
    lab.execute("UPDATE app.t SET amount = 'even more' WHERE id = 4")  # never fails
    with pytest.raises(RolloutError, match="2 values"):
        lab.upgrade()
    lab.execute(
        "UPDATE app.t SET amount = '3' WHERE id = 3", "DELETE FROM app.t WHERE id = 4"
    )
    lab.upgrade()
    assert lab.value("SELECT amount FROM app.t WHERE id = 3") == 3
    assert lab.rows("TABLE migrations.backfill_rejects") == []


def test_a_value_written_at_the_last_moment_that_does_not_fit_stops_it(lab):
    """After the batches, before the swap: it would be NULL in the new column."""
    lab.execute("CREATE TABLE app.late (id int PRIMARY KEY, v text)")
    lab.execute("INSERT INTO app.late VALUES (1, '1')")
    lab.revision('change_column_type("app.late", "v", "int", using="v::int")')

    def write(statement):
        if "VALIDATE" in statement or "DROP INDEX CONCURRENTLY %s" in statement:
            lab.execute("UPDATE app.late SET v = 'one'")

    with (
        statements_seen(write),
        pytest.raises(RolloutError, match="1 values of app.late"),
    ):
        lab.upgrade()
    assert lab.rows("SELECT id, v FROM app.late") == [(1, "one")]


def test_values_that_do_not_fit_back_stop_the_way_back(lab):
    lab.revision(CODE, REVERT_CODE)
    lab.upgrade()
    lab.execute(
        "INSERT INTO app.rate VALUES (7)  ON CONFLICT DO NOTHING",
        "ALTER TABLE app.rate ALTER code TYPE bigint",
        "INSERT INTO app.rate VALUES (5000000000)",
        "UPDATE app.t SET code = 5000000000 WHERE id = 5",
    )
    before = lab.snapshot()
    with pytest.raises(
        RolloutError, match=r"1 values of app.t.code.*5 \(integer out of"
    ):
        lab.downgrade("base")
    assert lab.snapshot() == before
    assert lab.value("SELECT code FROM app.t WHERE id = 5") == 5000000000
    lab.execute("UPDATE app.t SET code = 5 WHERE id = 5")
    lab.downgrade("base")
    assert lab.value("SELECT code FROM app.t WHERE id = 5") == 5


def test_a_key_that_others_refer_to(lab):
    lab.execute(
        "CREATE TABLE app.child (id serial PRIMARY KEY, t_id int "
        "CONSTRAINT child_t_fkey REFERENCES app.t (id) ON UPDATE CASCADE)",
        "INSERT INTO app.child (t_id) SELECT id FROM app.t",
    )
    before = without_followers(lab.snapshot())
    lab.revision(
        'change_column_type("app.t", "id", "bigint")',
        'revert_column_type("app.t", "id")',
    )
    lab.upgrade()
    expected = {kind: dict(found) for kind, found in before.items()}
    expected["column"]["app.t.id"] = "bigint NOT NULL"
    assert without_followers(lab.snapshot()) == expected
    lab.execute("INSERT INTO app.t (id) VALUES (5000000000)")
    lab.execute("DELETE FROM app.t WHERE id = 5000000000")
    lab.downgrade("base")
    assert without_followers(lab.snapshot()) == before


@pytest.mark.parametrize(
    "kind", ["serial", "int GENERATED ALWAYS AS IDENTITY (START 1 CACHE 1)"]
)
def test_a_serial_keeps_counting(lab, kind):
    lab.execute(f"CREATE TABLE app.s (id {kind} PRIMARY KEY, n int)")
    lab.execute("INSERT INTO app.s (n) VALUES (1), (2)")
    before = without_followers(lab.snapshot())
    lab.revision(
        'change_column_type("app.s", "id", "bigint")',
        'revert_column_type("app.s", "id")',
    )
    lab.upgrade()
    lab.execute("INSERT INTO app.s (n) VALUES (3)")
    assert lab.snapshot()["column"]["app.s.id"].startswith("bigint NOT NULL ")
    lab.downgrade("base")
    lab.execute("INSERT INTO app.s (n) VALUES (4)")
    assert lab.rows("SELECT id FROM app.s ORDER BY id") == [(1,), (2,), (3,), (4,)]
    assert without_followers(lab.snapshot()) == before


@pytest.mark.parametrize(
    ("obstacle", "said"),
    [
        ("CREATE VIEW app.v AS SELECT code FROM app.t", "view app.v"),
        ("ALTER TABLE app.t ADD g int GENERATED ALWAYS AS (code) STORED", "column g"),
        ("CREATE TABLE app.kid () INHERITS (app.t)", "parents or children"),
    ],
)  # fmt: skip
def test_what_would_not_come_along_stops_it_before_anything_changes(
    lab, obstacle, said
):
    lab.revision(CODE)
    lab.execute(obstacle)
    before = without_followers(lab.snapshot())
    with pytest.raises(RolloutError, match=f"cannot change the type .*{said}"):
        lab.upgrade()
    assert without_followers(lab.snapshot()) == before


def test_a_value_that_is_no_longer_unique_stops_it_and_blocks_nobody(lab):
    lab.execute("CREATE TABLE app.u (id int PRIMARY KEY, v text UNIQUE)")
    lab.execute("INSERT INTO app.u VALUES (1, '1'), (2, '1.0')")
    lab.revision('change_column_type("app.u", "v", "numeric", using="v::numeric")')
    with pytest.raises(RolloutError, match="could not create unique index"):
        lab.upgrade()
    lab.execute("INSERT INTO app.u VALUES (3, '1.00')")
    assert not any("INVALID" in text for text in lab.snapshot()["index"].values())
    lab.execute("DELETE FROM app.u WHERE id > 1")
    lab.upgrade()
    assert lab.rows("SELECT v FROM app.u") == [(1,)]


def test_killed_anywhere_it_is_repeated(lab, survives_kills):
    lab.revision(CODE)
    survives_kills(lab, lambda lab: lab.upgrade(workers=1))


def test_the_way_back_killed_anywhere_is_repeated(lab, survives_kills):
    lab.revision(CODE, REVERT_CODE)
    lab.upgrade()
    survives_kills(lab, lambda lab: lab.downgrade("base"))


def test_an_invalid_index_of_an_earlier_try_is_built_again(lab):
    lab.revision(CODE)
    with statements_seen(KillAtBuild(lab)), pytest.raises(RolloutError):
        lab.upgrade()
    lab.upgrade()
    assert not any("INVALID" in text for text in lab.snapshot()["index"].values())
    assert "app.t_code" in lab.snapshot()["index"]


class KillAtBuild(Kill):
    """Ends the sessions at the first CREATE INDEX CONCURRENTLY, having left a wreck."""

    def __init__(self, lab):
        super().__init__(lab, at=1)

    def __call__(self, statement):
        if "CREATE  INDEX CONCURRENTLY" in statement:
            name = statement.split("CONCURRENTLY ")[1].split()[0]
            with pytest.raises(Exception, match="division by zero"):
                self._lab.execute(
                    f"CREATE INDEX CONCURRENTLY {name} ON app.t ((1 / (id - id)))"
                )
            self.seen = 0
            self._at = 1
            super().__call__(statement)


@pytest.mark.parametrize(
    "blocker", ["TABLE app.t", "UPDATE app.t SET note = 'b' WHERE id = 1"]
)
@pytest.mark.parametrize("step", ["upgrade", "downgrade"])
def test_readers_and_writers_go_on_while_it_waits(lab, blocker, step):
    lab.revision(CODE, REVERT_CODE)
    if step == "downgrade":
        lab.upgrade()
    target = {"upgrade": "head", "downgrade": "base"}[step]
    queues_nobody(
        lab,
        lambda lab: lab.alembic(step, target),
        blocker=blocker,
        bystanders=(
            "TABLE app.t",
            "UPDATE app.t SET note = 'x', code = 2 WHERE id = 2",
        ),
    )
    assert ("app.t.code_old" in lab.snapshot()["column"]) == (step == "upgrade")


def test_giving_up_changes_nothing_that_the_application_sees(lab):
    lab.revision(CODE)
    before = without_followers(lab.snapshot())
    with (
        held(lab, "TABLE app.t"),
        pytest.raises(LockWaitTimeout, match="nightly report.*TABLE app.t"),
    ):
        lab.upgrade(lock_wait_s=0.2)
    assert without_followers(lab.snapshot()) == before


FINISH = 'finish_column_type("app.t", "amount", back="amount::text")'
RESUME = (
    'resume_column_type("app.t", "amount", "text", using="amount::numeric(15, 2)", '
    'back="amount::text")'
)


def test_finishing_parks_what_cannot_be_computed_and_can_be_undone(lab, same_offline):
    lab.revision(AMOUNT, REVERT_AMOUNT)
    lab.revision(FINISH, RESUME)
    rows = lab.rows(ROWS)
    lab.upgrade()
    assert "app.t.amount_old" not in lab.snapshot()["column"]
    assert not any("zzzz" in name for name in lab.snapshot()["trigger"])
    parked = dict(lab.rows("SELECT id, amount_old FROM parked.t__amount_old"))
    assert parked[7] == " 7.000"
    lab.execute("UPDATE app.t SET amount = 2 WHERE id = 8")
    lab.downgrade("base")
    now = [row for row in lab.rows(ROWS) if row[0] != 8]
    assert now == [row for row in rows if row[0] != 8]
    assert lab.value("SELECT amount FROM app.t WHERE id = 8") == "2.00"
    same_offline(lab)


def test_readers_and_writers_go_on_while_the_finishing_waits(lab):
    lab.revision(AMOUNT, REVERT_AMOUNT)
    lab.revision(FINISH, RESUME)
    for step, target, from_ in (("upgrade", "002", "001"), ("downgrade", "001", "002")):
        lab.upgrade(from_)
        queues_nobody(
            lab,
            lambda lab, step=step, target=target: lab.alembic(step, target),
            blocker="UPDATE app.t SET note = 'b' WHERE id = 1",
            bystanders=("TABLE app.t", "UPDATE app.t SET amount = 3 WHERE id = 2"),
        )
    assert lab.value("SELECT amount_old FROM app.t WHERE id = 2") == "3.00"


def test_what_was_parked_is_locked_with_the_table(lab):
    lab.revision(AMOUNT, REVERT_AMOUNT)
    lab.revision(FINISH, RESUME)
    lab.upgrade()
    with (
        held(lab, "TABLE parked.t__amount_old"),
        pytest.raises(LockWaitTimeout, match="nightly report.*TABLE parked.t__amount"),
    ):
        lab.downgrade(lock_wait_s=0.3)
    lab.downgrade()


def test_an_interrupted_change_can_be_taken_back(lab, can_be_abandoned):
    lab.revision("pass")
    lab.upgrade()
    lab.revision(CODE, REVERT_CODE)
    can_be_abandoned(lab)


def test_a_change_that_cannot_succeed_can_be_taken_back(lab):
    lab.revision("pass")
    lab.upgrade()
    lab.execute("UPDATE app.t SET code = NULL WHERE id = 9")
    before = lab.state()
    never = 'change_column_type("app.t", "code", "bigint", using="1 / (code - 9)")'
    lab.revision(never, REVERT_CODE)
    with pytest.raises(RolloutError, match="do not fit"):
        lab.upgrade()
    with pytest.raises(RevisionUnfinished, match="-x abandon=002 downgrade -1"):
        lab.downgrade()
    lab.downgrade(abandon="002")
    lab.assert_is(before)
    with pytest.raises(NothingToAbandon, match="was not interrupted"):
        lab.downgrade(abandon="002")
    lab.assert_is(before)


def test_sessions_whose_triggers_have_seen_the_old_type_go_on_writing(lab):
    """PL/pgSQL keeps plans by session; a trigger that reads the column has its type."""
    lab.execute(
        "CREATE TABLE app.seen (code text)",
        """
        CREATE FUNCTION app.audit() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO app.seen SELECT NEW.code; RETURN NEW; END $$
        """,
        "CREATE TRIGGER audit AFTER UPDATE ON app.t"
        " FOR EACH ROW EXECUTE FUNCTION app.audit()",
    )
    lab.revision(CODE, REVERT_CODE)
    with writing(lab, "UPDATE app.t SET note = 'again' WHERE id = 5") as failures:
        lab.upgrade()
        lab.downgrade()
    assert failures == []
    assert lab.value("SELECT count(*) > 9 FROM app.seen WHERE code = '5'")


@contextmanager
def writing(lab, statement):
    """Execute it again and again in one session; yields what failed."""
    failures, stop = [], threading.Event()

    def write():
        with closing(psycopg2.connect(lab.dsn)) as session:
            session.autocommit = True
            while not stop.wait(0.002):
                try:
                    session.cursor().execute(statement)
                except psycopg2.Error as error:
                    failures.append(str(error))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        time.sleep(0.05)
        yield failures
        time.sleep(0.05)
    finally:
        stop.set()
        thread.join()
