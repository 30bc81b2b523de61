from rollout.bookkeeping.runner_lock import KEY

LINE = """
    INSERT INTO migrations.migration_locks (id, locked_by, locked_at, lock_reason)
    VALUES (1, 'gone@host, process 7', now(), 'upgrade head')
    ON CONFLICT (id) DO UPDATE SET locked_by = EXCLUDED.locked_by,
        locked_at = EXCLUDED.locked_at, lock_reason = EXCLUDED.lock_reason
"""


def test_the_line_of_a_killed_runner_is_a_warning_until_it_is_cleared(lab):
    lab.run(LINE)
    assert lab.status("runner_lock") == "WARN"
    assert "gone@host" in lab.told("runner_lock")
    lab.mend("runner_lock")
    assert lab.told("runner_lock") == "PASS\nfree"


def test_a_runner_at_work_is_named_and_no_finding(lab, connect):
    lab.run(LINE)
    runner = connect(lab.url)
    runner.cursor().execute(f"SELECT pg_advisory_xact_lock({KEY})")
    assert lab.told("runner_lock").startswith("PASS\nheld by gone@host")
