"""Every command once, on a Supabase project, as its owner who is no superuser.

One story on one database: a roll-out, a look around, damage, repair, and the way back.
"""

import pytest
import sqlalchemy as sa

from rollout.commands import COMMANDS
from tests.rollout.commands.conftest import AUTH_ADMIN
from tests.supabase import as_role
from tests.versions import rows

FLAGS = "SELECT count(*) FROM public.user_feature_flags"
STANDS = "SELECT version_num FROM migrations.alembic_version"

pytestmark = pytest.mark.slow


@pytest.fixture
def run(rollout, supabase):
    """Run a command; it is done, or the test fails with what it said."""

    def done(*arguments, url=supabase):
        done.called.add(arguments[0])
        ended = rollout(url, *arguments)
        assert ended.status == 0, f"{arguments}: {ended.out}{ended.err}"
        return ended

    done.called = set()
    return done


def test_every_command_does_its_work(
    run, rollout, supabase, project, database, tmp_path, monkeypatch
):
    here = database(supabase, AUTH_ADMIN)
    owner = "SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user"
    assert here.rows(owner) == [("postgres", False)]
    rows.legacy(here)
    before, after = str(tmp_path / "before.dump"), str(tmp_path / "after.dump")

    # The roll-out.
    assert "12 pending" in run("plan").out
    run("deploy", "004", "--backup-to", before)
    assert "before.dump is good" in run("verify", before).out
    applied = run("deploy", "--no-backup", "--json").json
    assert len(applied["applied"]) == 6
    assert {row["status"] for row in applied["validation"]} == {"PASS", "WARN"}
    assert here.value("SELECT count(*) FROM public.user_investment_accounts") == 7

    # A look around.
    auth = as_role(supabase, AUTH_ADMIN)
    assert run("status", "--json").json["current"] == "010"
    assert "monitoring views" in run("history").out
    assert "0 FAIL" in run("check").out
    assert "0 FAIL" in run("doctor").out
    assert "runner       none at work" in run("monitor", "--once").out
    run("seed", "staging", "--only", "auth.users", "--yes", url=auth)
    assert "rows put into" in run("seed", "staging", "--yes").out
    assert here.value("SELECT count(*) FROM public.user_portfolio_snapshots") > 100
    weekly = run("maintain", "weekly", "--backup", before).out
    assert "as they were saved" in weekly
    assert here.value(
        "SELECT bool_and(last_analyze IS NOT NULL) FROM pg_stat_user_tables "
        "WHERE relname LIKE 'user_investment_%'"
    )
    assert "0 FAIL" in run("maintain", "monthly").out

    # Damage and repair.
    flags = here.value(FLAGS)
    run("backup", "--to", after)
    here.run("DELETE FROM public.user_feature_flags")
    name = sa.make_url(supabase).database
    monkeypatch.setenv("INTO", supabase)
    into = ("--into", "$INTO", "--replace", name, "--no-backup")
    run("restore-backup", after, *into, url=None)
    assert here.value(FLAGS) == flags > 0
    drift = run("check", "catalog-drift", "--json").json
    assert "same as a fresh database at 010" in str(drift)
    here.run("GRANT SELECT ON public.user_feature_flags TO anon")
    assert rollout(supabase, "check", "catalog-drift").status == 1
    here.run("REVOKE SELECT ON public.user_feature_flags FROM anon")

    # The way back.
    head = here.snapshot()
    run("rollback", "--only", "feature_flags", "--yes")
    assert here.value("SELECT to_regclass('public.user_feature_flags') IS NULL")
    run("restore", "feature_flags")
    assert (here.value(FLAGS), here.snapshot()) == (flags, head)
    run("rollback", "007", "--yes")
    assert here.value(STANDS) == "007"
    run("deploy", "--no-backup")
    assert (here.value(FLAGS), here.snapshot()) == (flags, head)
    run("rollback", "--emergency", "--yes")
    assert here.value(STANDS) == "000"
    assert "user_feature_flags" in run("purge", "--yes").out
    parked = "SELECT count(*) FROM pg_class WHERE relnamespace = 'parked'::regnamespace"
    assert here.value(parked) == 0

    # Those that need no database.
    config = ("--config", str(project / "alembic.ini"))
    run("new", "add risk score", *config, url=None)
    assert list(
        (project / "alembic" / "versions").glob("011_v1_10_0_add_risk_score.py")
    )
    run("export", "supabase", str(tmp_path / "supabase"), url=None)
    assert len(list((tmp_path / "supabase").iterdir())) == 12

    assert run.called == set(COMMANDS)
