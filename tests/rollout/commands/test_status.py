"""status and history: what the database says about itself."""

import pytest
from sqlalchemy import create_engine

from rollout.bookkeeping.runner_lock import runner_lock
from rollout.commands.target import Target
from rollout.errors import RolloutError
from rollout.settings import Settings
from tests.versions import rows


def test_an_empty_database_has_everything_before_it(rollout, empty_database):
    done = rollout(empty_database, "status")
    assert done.status == 0
    assert "stands at no revision yet, 12 pending" in done.out


def test_pending_revisions_are_listed(rollout, database_at):
    done = rollout(database_at("008"), "status", "--json").json
    assert (done["current"], done["version"]) == ("008", "1.7.0")
    assert done["pending"] == ["009", "010"]


def test_what_is_parked_is_listed_with_its_time(rollout, head_database, database):
    head = database(head_database)
    rows.fill_new_tables(head, head.user())
    rollout(head_database, "rollback", "007", "--yes")
    parked = rollout(head_database, "status", "--json").json["parked"]
    found = {table["name"]: table for table in parked}
    assert found["user_feature_flags"]["rows"] == 2
    assert found["user_feature_flags"]["by"] == "008"
    assert found["user_onboarding__009"]["since"] is not None
    assert "parked.user_feature_flags" in rollout(head_database, "status").out


def test_a_failed_revision_is_told_until_it_is_mended(rollout, database_at, connect):
    url = database_at("008")
    holder = connect(url)
    holder.cursor().execute("LOCK TABLE public.user_onboarding IN SHARE MODE")
    with pytest.raises(RolloutError):
        Target(database_url=url, x=["lock_wait_s=0.1"]).alembic("upgrade", "head")
    holder.rollback()
    assert "Failed: 009" in rollout(url, "status").out
    assert "failed: could not lock" in rollout(url, "history").out
    rollout(url, "deploy", "--no-backup")
    assert "Failed: 009" not in rollout(url, "status").out


def test_the_lock_holder_is_named_alive_or_dead(rollout, head_database, database):
    engine = create_engine(head_database)
    with runner_lock(engine, Settings(), "a test"):
        holder = rollout(head_database, "status", "--json").json["lock"]
        assert holder["alive"] is True
        assert holder["lock_reason"] == "a test"
        assert "at work" in rollout(head_database, "status").out
    engine.dispose()
    database(head_database).run(
        "UPDATE migrations.migration_locks SET locked_by = 'x', locked_at = now(), "
        "lock_reason = 'killed'"
    )
    assert "dead; the next runner takes over" in rollout(head_database, "status").out


def test_history_has_versions_and_operations(rollout, head_database):
    rollout(head_database, "rollback", "--yes")
    done = rollout(head_database, "history", "--json").json
    status = {row["version"]: row["status"] for row in done["versions"]}
    assert status["1.9.0"] == "rolled_back"
    assert status["1.8.0"] == "applied"
    assert done["log"][0]["operation"] == "ROLLBACK"
    assert done["log"][0]["execution_time_ms"] is not None


def test_history_shows_as_many_as_asked_for(rollout, head_database):
    assert (
        len(rollout(head_database, "history", "--last", "2", "--json").json["log"]) == 2
    )


def test_history_reads_a_log_that_is_parked(rollout, head_database):
    rollout(head_database, "rollback", "baseline", "--yes")
    assert rollout(head_database, "history", "--json").json["log"] != []


def test_on_supabase_as_its_owner(rollout, supabase, alembic_run):
    alembic_run(supabase, "upgrade", "head")
    assert rollout(supabase, "status", "--json").json["current"] == "010"
    assert rollout(supabase, "history").status == 0
