from rollout.bookkeeping.runner_lock import KEY
from tests.commands import alembic_run
from tests.rollout.checks.test_runner_lock import LINE

MARK = (
    "INSERT INTO migrations.unfinished (revision, direction) VALUES ('009', 'upgrade')"
)


def test_a_half_done_revision_fails_until_it_is_finished(database_at, lab_of):
    lab = lab_of(database_at("008"))
    lab.run(MARK)
    assert lab.status("unfinished_revisions") == "FAIL"
    assert lab.remedies("unfinished_revisions") == ["alembic upgrade 009"]
    alembic_run(lab.url, "upgrade", "009")
    assert lab.told("unfinished_revisions") == "PASS\nnone"


def test_one_that_is_running_is_no_finding(lab, connect):
    lab.run(MARK, LINE)
    runner = connect(lab.url)
    runner.cursor().execute(f"SELECT pg_advisory_xact_lock({KEY})")
    assert "PASS\nrunning now: upgrade of 009" in lab.told("unfinished_revisions")
