"""backfill: every row once, whatever happens in between."""

import io
import re

import pytest

from rollout.backfill import keys
from rollout.backfill.worker import Worker
from rollout.bookkeeping.runner_lock import RunnerLockLost
from rollout.errors import RolloutError
from rollout.running.locks import LockWaitTimeout
from tests.rollout.ops.interrupt import Kill, background, held, statements_seen, until

KEYS = {
    "bigint": "g::bigint - 60",
    "uuid": "md5(g::text)::uuid",
    "text": "chr(97 + g % 26) || ' ''%:x' || g",
}
BODY = """
    run_sql("CREATE TABLE IF NOT EXISTS public.done (id {key} PRIMARY KEY, n int)")
    backfill(
        "copying",
        source="public.t",
        key="id",
        statement="INSERT INTO public.done (id, n) SELECT id, n FROM public.t "
            "WHERE id = ANY (:keys){conflict}",
        reject_row={reject},
    )
    run_sql("{after}")
"""
LOSE = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_locks
    WHERE locktype = 'advisory' AND database = (
        SELECT oid FROM pg_database WHERE datname = current_database()
    )
"""
COPIED = "SELECT (SELECT count(*) FROM public.t), (SELECT count(*) FROM public.done)"


def make(
    lab,
    *,
    key="bigint",
    rows=120,
    conflict=" ON CONFLICT DO NOTHING",
    reject=None,
    after="SELECT",
):
    # Some twenty rows a page, so that a range is not the whole table.
    lab.execute(
        f"CREATE TABLE public.t (id {key} PRIMARY KEY, n int) WITH (fillfactor = 10)"
    )
    lab.execute(
        f"INSERT INTO public.t SELECT {KEYS[key]}, g "
        f"FROM generate_series(1, {rows}) AS g"
    )
    lab.revision(
        BODY.format(key=key, conflict=conflict, reject=repr(reject), after=after)
    )
    return lab


@pytest.fixture
def small(monkeypatch):
    """Batches of a few rows, and ranges of a few batches."""
    monkeypatch.setattr("rollout.backfill.worker.FIRST_BATCH_ROWS", 8)
    monkeypatch.setattr("rollout.backfill.worker.MOST_BATCH_ROWS", 8)
    monkeypatch.setattr("rollout.backfill.keys.ROWS_A_RANGE", 25)
    monkeypatch.setattr("rollout.backfill.keys.NEAR_ROWS", 50)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("key", KEYS)
def test_every_row_once_for_every_kind_of_key(lab, small, key, workers):
    """Without ON CONFLICT: a row done twice would fail."""
    make(lab, key=key, conflict="")
    lab.execute("ANALYZE public.t")
    lab.upgrade(workers=workers)
    assert lab.rows(COPIED) == [(120, 120)]
    assert lab.rows("TABLE migrations.backfill_progress") == []


def test_nothing_that_grows_is_left_to_the_last_transaction(lab, small):
    """Which may hold locks: deleting the keys of a million rows took it 80 ms."""
    make(
        lab, after="CREATE TABLE public.left_over AS TABLE migrations.backfill_progress"
    )
    lab.upgrade()
    left_over = lab.rows("SELECT range_no, keys, done FROM public.left_over")
    assert left_over == [(0, [], True)]


def test_a_range_that_is_done_keeps_no_keys(lab, small):
    make(lab)
    with statements_seen(Kill(lab, 75)), pytest.raises(RolloutError):
        lab.upgrade()
    kept = lab.rows(
        "SELECT done, sum(cardinality(keys)) > 0 FROM migrations.backfill_progress "
        "WHERE range_no > 0 GROUP BY done ORDER BY done"
    )
    assert kept == [(False, True), (True, False)]


@pytest.mark.parametrize("key", KEYS)
def test_printed_sql_does_the_same(lab, same_offline, key):
    make(lab, key=key, rows=1500)
    same_offline(lab, down=False)
    assert lab.rows(COPIED) == [(1500, 1500)]


OVERLAP = """
    SELECT count(*) > 0 FROM (
        SELECT by, min(at) AS began, max(at) AS ended FROM public.done GROUP BY by
    ) AS a JOIN public.done AS b ON b.by <> a.by AND b.at BETWEEN a.began AND a.ended
"""


@pytest.mark.parametrize(("workers", "together"), [(1, False), (2, True)])
def test_two_workers_go_side_by_side(lab, small, workers, together):
    make(lab, rows=200)
    lab.execute(
        "ANALYZE public.t",
        "CREATE TABLE public.done (id bigint PRIMARY KEY, n int, "
        "by int DEFAULT pg_backend_pid(), slowly text DEFAULT pg_sleep(0.002)::text, "
        "at timestamptz DEFAULT clock_timestamp())",
    )
    lab.upgrade(workers=workers)
    assert lab.value(OVERLAP) == together


def test_an_empty_table_is_done_at_once(lab, small):
    make(lab, rows=0)
    lab.upgrade()
    assert lab.rows(COPIED) == [(0, 0)]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_run_goes_on_where_it_stopped(lab, small, workers):
    """Each row is written once, so no batch was repeated; and none is missing."""
    make(lab, conflict="")
    lab.execute("ANALYZE public.t")
    with statements_seen(Kill(lab, 75)), pytest.raises(RolloutError):
        lab.upgrade(workers=workers)
    done = lab.value("SELECT count(*) FROM public.done")
    assert 0 < done < 120
    assert done == lab.value("SELECT sum(rows_done) FROM migrations.backfill_progress")
    lab.upgrade(workers=3 - workers)
    assert lab.rows(COPIED) == [(120, 120)]


def test_killed_anywhere_it_is_repeated(lab, small, survives_kills):
    make(lab, rows=60)
    survives_kills(lab, lambda lab: lab.upgrade(workers=2))


WHILE_IT_RUNS = """
    CREATE FUNCTION public.go_on() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        {statement};
        RETURN NULL;
    END $$;
    CREATE TABLE public.done (id bigint PRIMARY KEY, n int);
    CREATE TRIGGER go_on AFTER INSERT ON public.done EXECUTE FUNCTION public.go_on()
"""


def test_rows_that_appear_later_are_the_triggers(lab, small):
    make(lab, conflict="")
    row = "INSERT INTO public.t VALUES (1000, 0) ON CONFLICT DO NOTHING"
    lab.execute(WHILE_IT_RUNS.format(statement=row))
    lab.upgrade(workers=1)
    missing = "SELECT id FROM public.t EXCEPT SELECT id FROM public.done"
    assert lab.rows(missing) == [(1000,)]


@pytest.mark.parametrize("workers", [1, 2])
def test_rows_that_move_on_disk_are_done_once(lab, small, workers):
    """Updated, each row goes to another page: behind the workers, and again ahead."""
    make(lab, conflict="")
    lab.execute(WHILE_IT_RUNS.format(statement="UPDATE public.t SET n = n"))
    before = lab.rows("SELECT id, ctid::text FROM public.t")
    lab.upgrade(workers=workers)
    assert lab.rows(COPIED) == [(120, 120)]
    moved = set(lab.rows("SELECT id, ctid::text FROM public.t")) - set(before)
    assert len(moved) == 120


def test_a_row_that_moves_while_keys_are_listed_is_listed_once(lab, small, monkeypatch):
    """The list is one snapshot, although it is read some pages at a time."""
    make(lab, conflict="")
    keep = keys._keep

    def and_move(*values):
        lab.execute("UPDATE public.t SET n = n")
        return keep(*values)

    monkeypatch.setattr(keys, "_keep", and_move)
    lab.upgrade()
    assert lab.rows(COPIED) == [(120, 120)]


def test_a_list_that_was_not_finished_is_made_anew(lab, small, monkeypatch):
    make(lab, conflict="")
    listed = []

    def ended(self, rows):
        listed.append(rows)
        if len(listed) == 3:
            raise RolloutError("ended here")

    with monkeypatch.context() as patch:
        patch.setattr(keys._Teller, "__call__", ended)
        with pytest.raises(RolloutError, match="ended here"):
            lab.upgrade()
    some = lab.value("SELECT sum(row_count) FROM migrations.backfill_progress")
    assert 0 < some == sum(listed) < 120
    lab.execute("INSERT INTO public.t VALUES (1000, 0)")
    lab.upgrade()
    assert lab.rows(COPIED) == [(121, 121)]


def test_a_runner_lock_lost_while_keys_are_listed_ends_it(
    lab, small, monkeypatch, capsys
):
    monkeypatch.setattr(keys, "CHECK_EVERY_S", 0.0)
    monkeypatch.setattr(keys, "TELL_EVERY_S", 0.0)
    make(lab)
    keep, kept = keys._keep, []

    def and_lose(*values):
        kept.append(keep(*values))
        if len(kept) == 2:
            lab.rows(LOSE)
        return kept[-1]

    monkeypatch.setattr(keys, "_keep", and_lose)
    with pytest.raises(RunnerLockLost):
        lab.upgrade()
    assert len(kept) == 2
    assert lab.value("SELECT count(*) FROM public.done") == 0
    assert f"copying: {sum(kept[0])} keys listed" in capsys.readouterr().err


def test_the_keys_of_every_partition_and_child_are_listed(lab, small):
    lab.execute("""
        CREATE TABLE public.t (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
        CREATE TABLE public.low PARTITION OF public.t FOR VALUES FROM (0) TO (100);
        CREATE TABLE public.high PARTITION OF public.t FOR VALUES FROM (100) TO (5000);
        INSERT INTO public.t SELECT n, n FROM generate_series(1, 2000) AS n
    """)
    lab.revision(BODY.format(key="int", conflict="", reject=None, after="SELECT"))
    lab.upgrade()
    assert lab.rows(COPIED) == [(2000, 2000)]


def bad(lab, reject):
    make(lab, reject=reject)
    lab.execute(
        "CREATE TABLE public.done "
        "(id bigint PRIMARY KEY, n int NOT NULL CHECK (n % 10 <> 3))",
        "UPDATE public.t SET n = NULL WHERE id = 7",
    )
    return lab


REJECTS = """
    SELECT revision, source_table, source_id::int, row_data -> 'n' FROM
        migrations.backfill_rejects ORDER BY source_id::int
"""


def test_rows_that_cannot_be_done_are_put_aside_with_their_reason(lab, small, twins):
    bad(lab, "to_jsonb(source)")
    (printed,) = twins(lab)
    lab.upgrade(workers=1)
    printed.psql(printed.upgrade(sql=True))
    for one in (lab, printed):
        rejects = one.rows(REJECTS)
        assert len(rejects) == 13
        assert rejects[7] == ("001", "public.t", 7, None)
        assert rejects[0] == ("001", "public.t", -57, 3)
        assert one.rows(COPIED) == [(120, 107)]
        reasons = one.rows("SELECT DISTINCT reason FROM migrations.backfill_rejects")
        assert any("done_n_check" in reason for (reason,) in reasons)


def test_without_a_place_for_them_a_bad_row_stops_the_backfill(lab, small):
    bad(lab, None)
    with pytest.raises(RolloutError, match="done_n_check"):
        lab.upgrade(workers=1)
    assert lab.value("SELECT count(*) FROM public.done") > 0
    lab.execute("UPDATE public.t SET n = 1 WHERE n % 10 = 3 OR n IS NULL")
    lab.upgrade()
    assert lab.rows(COPIED) == [(120, 120)]


def test_a_reject_is_kept_once_however_often_it_is_tried(lab, small, survives_kills):
    bad(lab, "to_jsonb(source)")
    survives_kills(lab, lambda lab: lab.upgrade(workers=1), kills=4)


def test_a_batch_waits_for_a_row_that_others_hold_by_short_tries(lab, small):
    """Nobody who comes after the holder waits for us; when it goes, all is done."""
    make(lab)
    lab.revision("""
        backfill("touching", source="public.t", key="id",
            statement="UPDATE public.t SET n = 0 WHERE id = ANY (:keys)")
    """)
    lab.upgrade("001")
    with held(lab, "UPDATE public.t SET n = -1 WHERE id = 0") as blocker:
        with background(lambda: lab.upgrade(workers=1), blocker) as result:
            until(lambda: lab.value("SELECT count(*) FROM public.t WHERE n = 0") > 40)
            for _ in range(10):
                lab.execute(
                    "SET lock_timeout = '1s'; UPDATE public.t SET n = n WHERE id <> 0"
                )
            assert not result.done()
            blocker.rollback()
        result.result()
    assert lab.value("SELECT count(*) FROM public.t WHERE n <> 0") == 0


def test_a_row_held_for_too_long_ends_it_with_names_and_the_rest_stays_done(lab, small):
    make(lab)
    lab.revision("""
        backfill("touching", source="public.t", key="id",
            statement="UPDATE public.t SET n = 0 WHERE id = ANY (:keys)")
    """)
    lab.upgrade("001")
    holder = "UPDATE public.t SET n = -1 WHERE id = 0"
    with held(lab, holder), pytest.raises(LockWaitTimeout, match="nightly report") as e:
        lab.upgrade(workers=1, lock_wait_s=0.2)
    assert e.value.mode == "rows"
    assert lab.value("SELECT count(*) FROM public.t WHERE n = 0") > 40
    lab.upgrade()
    assert lab.value("SELECT count(*) FROM public.t WHERE n <> 0") == 0


def test_off_a_terminal_it_says_plain_lines_on_stderr(lab, small, capsys, monkeypatch):
    monkeypatch.setattr("rollout.backfill.progress.LINE_EVERY_S", 0.0)
    make(lab)
    lab.execute("ANALYZE public.t")
    out = lab.upgrade(workers=1)
    said = capsys.readouterr()
    assert out == said.out == ""
    lines = [line for line in said.err.splitlines() if "copying:" in line]
    assert lines[0].startswith("  copying: 8 of about 120 rows, ")
    assert lines[0].endswith(" s left")
    assert lines[-1].startswith("  copying: 120 rows in ")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_it_shows_a_bar_with_rate_and_remaining_time(
    lab, small, monkeypatch
):
    make(lab)
    lab.execute("ANALYZE public.t")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with monkeypatch.context() as here:
        here.setattr("sys.stderr", terminal := Terminal())
        lab.upgrade(workers=1)
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.getvalue())
    last = [line for line in shown.split("\r") if "copying" in line][-1]
    assert re.search(r"copying .* 120/120 [\d,]+ rows/s \d:\d\d:\d\d", last), last


def test_the_operators_pause_is_kept_between_batches(lab, small, monkeypatch):
    """Also between two ranges, which may be no more than a batch each."""
    make(lab)
    pauses = []
    monkeypatch.setattr(Worker.__init__, "__defaults__", (pauses.append,))
    monkeypatch.setattr("rollout.backfill.worker.FIRST_BATCH_ROWS", 25)
    monkeypatch.setattr("rollout.backfill.worker.MOST_BATCH_ROWS", 25)
    lab.upgrade(workers=1, pause_ms=70)
    ranges = 120 / 25
    assert pauses.count(0.07) >= ranges - 1


def test_a_resumed_run_says_where_it_goes_on(lab, small, capsys):
    make(lab)
    lab.execute("ANALYZE public.t")
    with statements_seen(Kill(lab, 75)), pytest.raises(RolloutError):
        lab.upgrade(workers=1)
    capsys.readouterr()
    lab.upgrade(workers=1)
    assert "copying: 120 rows in" in capsys.readouterr().err


def test_keys_like_parameters_in_a_statement_are_left_alone(lab, same_offline):
    """:keys is replaced, ::keys and :keys_too are not."""
    lab.execute("CREATE DOMAIN public.keys AS int")
    lab.execute("CREATE TABLE public.t (id int PRIMARY KEY, n text)")
    lab.execute("INSERT INTO public.t VALUES (1, 'x')")
    lab.revision(r"""
        backfill("casting", source="public.t", key="id",
            statement="UPDATE public.t SET n = 1::keys::text || ' 100% :keys_too' "
                "WHERE id = ANY (:keys)")
    """)
    same_offline(lab, down=False)
    assert lab.rows("TABLE public.t") == [(1, "1 100% :keys_too")]


def test_who_holds_a_row_that_is_referred_to_is_named(lab, small):
    """The lock is on another table than the source's: seen from beside."""
    make(lab)
    lab.execute(
        "CREATE TABLE public.p (n int PRIMARY KEY)",
        "INSERT INTO public.p SELECT generate_series(1, 120)",
        "CREATE TABLE public.done (id bigint PRIMARY KEY, n int REFERENCES public.p)",
    )
    holder = "SELECT FROM public.p WHERE n = 77 FOR UPDATE"
    with held(lab, holder), pytest.raises(LockWaitTimeout, match="nightly report"):
        lab.upgrade(workers=1, lock_wait_s=0.2)
    lab.upgrade()
    assert lab.rows(COPIED) == [(120, 120)]


def test_a_runner_lock_lost_meanwhile_stops_it_between_batches(lab, small, monkeypatch):
    """Another runner may be at work by then."""
    monkeypatch.setattr("rollout.backfill.runner.VERIFY_EVERY_S", 0.01)
    make(lab)
    lab.execute(
        "ANALYZE public.t",
        "CREATE TABLE public.done (id bigint PRIMARY KEY, n int, "
        "slowly text DEFAULT pg_sleep(0.005)::text)",
    )
    with held(lab, "SELECT 1") as other, background(lab.upgrade, other) as result:
        until(lambda: lab.value("SELECT count(*) FROM public.done") > 10)
        lab.rows(LOSE)
        with pytest.raises(RunnerLockLost):
            result.result()
    assert 10 < lab.value("SELECT count(*) FROM public.done") < 120
    lab.upgrade()
    assert lab.rows(COPIED) == [(120, 120)]
