"""plan: what is pending, and what a rollback would do to the data."""

import pytest

from rollout.commands import lint
from tests.supabase import as_role
from tests.versions import rows


def step(done, revision):
    (found,) = [s for s in done.json["steps"] if s["revision"] == revision]
    return found


def test_pending_revisions_are_shown_by_phase(rollout, database_at):
    done = rollout(database_at("004"), "plan")
    assert done.status == 0
    assert "at 004 (1.4.0), 6 pending" in done.out
    assert done.out.index("Phase 2") < done.out.index("005") < done.out.index("Phase 3")
    assert "Nothing was changed. Start with: rollout deploy" in done.out


def test_a_plan_changes_nothing(rollout, database_at, database):
    url = database_at("004")
    before = database(url).snapshot(), database(url).contents(("public", "migrations"))
    rollout(url, "plan", "--sql")
    rollout(url, "plan", "-2")
    after = database(url).snapshot(), database(url).contents(("public", "migrations"))
    assert before == after


def test_locks_on_tables_in_use_come_from_the_sql(rollout, database_at):
    done = rollout(database_at("004"), "plan", "--json")
    assert step(done, "009")["locks"] == {"public.user_onboarding": "ACCESS EXCLUSIVE"}
    assert step(done, "008")["locks"] == {"auth.users": "SHARE ROW EXCLUSIVE"}
    assert step(done, "007")["locks"] == {}
    assert "ACCESS EXCLUSIVE" in step(done, "009")["locks_said"]


def test_every_lock_is_named_in_its_file(rollout, database_at):
    assert "does not name" not in rollout(database_at("baseline"), "plan").err


def test_the_matrix_is_computed(rollout, database_at):
    done = rollout(database_at("004"), "plan", "--json")
    assert step(done, "005")["auto_rollback_safe"] == "Depends on change"
    assert step(done, "009")["changes"] == ["Add Column", "Add Index"]
    assert step(done, "009")["auto_rollback_safe"] == "Yes"


def test_rows_to_backfill_are_estimated_from_statistics(rollout, database_at, database):
    url = database_at("004")
    here = database(url)
    rows.legacy(here)
    here.run("ANALYZE public.user_onboarding")
    assert step(rollout(url, "plan", "--json"), "005")["rows"] == here.value(
        "SELECT count(*) FROM public.user_onboarding"
    )


def test_durations_come_from_the_journal_once_there_is_one(
    rollout, database_at, database
):
    url = database_at("009")
    assert step(rollout(url, "plan", "--json"), "010")["duration_from"] == "estimate"
    assert rollout(url, "deploy", "--no-backup").status == 0
    assert rollout(url, "rollback", "--yes").status == 0
    database(url).run(
        "UPDATE migration_log SET execution_time_ms = 4321 "
        "WHERE migration_file LIKE '010%' AND operation = 'CREATE'"
    )
    planned = step(rollout(url, "plan", "--json"), "010")
    assert (planned["duration_ms"], planned["duration_from"]) == (4321, "journal")
    assert "4.3 s" in rollout(url, "plan").out


def test_sql_is_the_text_of_each_step(rollout, database_at):
    done = rollout(database_at("008"), "plan", "--sql")
    assert "ADD COLUMN IF NOT EXISTS onboarding_version" in done.out
    assert "CREATE VIEW public.table_sizes" in done.out
    assert "CREATE TABLE public.user_feature_flags" not in done.out


def test_a_downgrade_says_what_is_parked_with_how_many_values(
    rollout, head_database, database
):
    head = database(head_database)
    rows.fill_new_tables(head, head.user())
    for provider in ("plaid", "alpaca", "plaid"):
        rows.onboarding(head, head.user(), None, None, primary_provider=provider)
    done = rollout(head_database, "plan", "007", "--json")
    assert done.json["direction"] == "down"
    found = {line["what"]: line["rows"] for line in step(done, "009")["impact"]}
    assert found["columns of public.user_onboarding"] == 2
    assert found["  public.user_onboarding.primary_provider"] == 2
    assert "  public.user_onboarding.onboarding_version" not in found
    (flags,) = step(done, "008")["impact"]
    assert (flags["what"], flags["rows"]) == ("table public.user_feature_flags", 2)
    text = rollout(head_database, "plan", "007").out
    assert "What is parked comes back" in text
    assert "Start with: rollout rollback 007" in text


def test_nothing_pending_is_said(rollout, head_database):
    assert "0 pending" in rollout(head_database, "plan").out


def test_an_empty_database_has_everything_pending(rollout, empty_database):
    done = rollout(empty_database, "plan", "--json")
    assert done.json["current"] is None
    assert done.json["steps"][0]["revision"] == "baseline"


def test_on_supabase_the_owner_who_is_no_superuser_may_plan(rollout, supabase):
    assert len(rollout(supabase, "plan", "--json").json["steps"]) == 12


def test_a_reader_without_rights_is_told(rollout, supabase_newer, alembic_run):
    alembic_run(supabase_newer, "upgrade", "000")
    done = rollout(as_role(supabase_newer, "authenticator"), "plan")
    assert done.status == 1
    assert "permission denied" in done.err


@pytest.mark.skipif(lint.program() is None, reason="squawk is not installed")
class TestLint:
    def test_a_bad_statement_is_found(self):
        (found,) = lint.findings("ALTER TABLE public.t DROP COLUMN a;")
        assert found.startswith("ban-drop-column (1): ")

    def test_rules_can_be_left_out(self):
        assert (
            lint.findings("ALTER TABLE public.t DROP COLUMN a;", "ban-drop-column")
            == []
        )

    def test_a_good_statement_passes(self):
        assert lint.findings("ALTER TABLE public.t ADD COLUMN a text;") == []

    def test_without_squawk_the_plan_says_so(self, rollout, database_at, monkeypatch):
        monkeypatch.setattr(lint, "program", lambda: None)
        assert "squawk is not installed" in rollout(database_at("009"), "plan").out
