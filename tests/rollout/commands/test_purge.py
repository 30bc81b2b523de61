"""purge: what goes is shown, what is kept stays, and the lock is short."""

import pytest

from tests.versions import rows

PARKED = "SELECT relname FROM pg_class WHERE relnamespace = 'parked'::regnamespace"
TABLES = f"{PARKED} AND relkind = 'r' ORDER BY 1"


@pytest.fixture
def filled(head_database, database):
    """Head, with rows in the new tables and a value in a new column."""
    head = database(head_database)
    rows.fill_new_tables(head, head.user())
    rows.onboarding(head, head.user(), None, None, primary_provider="plaid")
    return head


@pytest.fixture
def rolled_back(rollout, filled):
    assert rollout(filled.url, "rollback", "000", "--yes").status == 0
    return filled


def age(database, version, days):
    database.run(
        "UPDATE migrations.schema_versions "
        "SET applied_at = now() - %s * interval '1 day' WHERE version = %s",
        days, version,
    )  # fmt: skip


def test_what_goes_is_shown_with_its_rows_and_time(rollout, rolled_back):
    done = rollout(rolled_back.url, "purge")
    assert done.status == 1
    (line,) = [x for x in done.out.splitlines() if "user_feature_flags" in x]
    assert line.split()[1] == "2"
    assert "008" in line
    assert "goes" in line
    assert "for good?" in done.err
    assert len(rolled_back.rows(TABLES)) == 6


def test_everything_goes_and_the_schema_can_be_made_again(
    rollout, rolled_back, make_database, alembic_run, database
):
    assert rollout(rolled_back.url, "purge", "--yes").status == 0
    assert rolled_back.rows(TABLES) == []
    query = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'parked'::regnamespace"
    assert rolled_back.value(query) == 0
    assert rollout(rolled_back.url, "deploy", "--no-backup").status == 0
    fresh = make_database()
    alembic_run(fresh, "upgrade", "head")
    assert rolled_back.snapshot() == database(fresh).snapshot()


def test_only_what_is_old_enough_goes(rollout, rolled_back):
    age(rolled_back, "1.7.0", 40)
    done = rollout(rolled_back.url, "purge", "--older-than", "30", "--yes", "--json")
    assert done.json["dropped"] == ["user_feature_flags"]
    assert len(done.json["kept"]) == 5
    left = [name for (name,) in rolled_back.rows(TABLES)]
    assert "user_feature_flags" not in left
    assert "user_onboarding__009" in left


@pytest.mark.parametrize("how", [[], ["--older-than", "0"]])
def test_what_somebody_else_put_there_stays(how, rollout, rolled_back):
    rolled_back.run("CREATE TABLE parked.stranger (a int)")
    rolled_back.run("CREATE FUNCTION parked.f() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    done = rollout(rolled_back.url, "purge", *how, "--yes", "--json")
    assert done.json["kept"] == ["stranger"]
    assert rolled_back.value("SELECT parked.f()") == 1


def test_a_restored_table_is_no_longer_there_to_purge(rollout, rolled_back):
    age(rolled_back, "1.7.0", 40)
    assert rollout(rolled_back.url, "deploy", "--no-backup").status == 0
    done = rollout(rolled_back.url, "purge", "--yes")
    assert "nothing to purge" in done.out
    assert rolled_back.value("SELECT count(*) FROM public.user_feature_flags") == 2


def test_functions_that_are_still_needed_stay(rollout, filled):
    assert rollout(filled.url, "rollback", "--only", "snapshots", "--yes").status == 0
    done = rollout(filled.url, "purge", "--yes")
    assert done.status == 0, done.err
    assert "component snapshots can then not be restored" in done.err
    assert filled.rows(TABLES) == []
    assert rollout(filled.url, "restore", "snapshots").status == 1
    filled.run("UPDATE public.user_investment_accounts SET account_name = 'x'")


def test_a_table_in_use_is_not_waited_for_in_the_queue(rollout, rolled_back, connect):
    holder = connect(rolled_back.url)
    holder.cursor().execute("SELECT 1 FROM auth.users")  # the foreign keys lead there
    done = rollout(rolled_back.url, "purge", "--yes", "-x", "lock_wait_s=0.3")
    assert done.status == 1
    assert "Dropped before it: nothing" in done.err
    assert len(rolled_back.rows(TABLES)) == 6
    holder.rollback()
    assert rollout(rolled_back.url, "purge", "--yes").status == 0


def test_it_is_in_the_log(rollout, rolled_back):
    rollout(rolled_back.url, "purge", "--yes")
    query = "SELECT description FROM migration_log WHERE operation = 'PURGE'"
    assert "user_feature_flags" in rolled_back.value(query)


def test_on_supabase_as_its_owner(rollout, supabase, database, alembic_run):
    alembic_run(supabase, "upgrade", "head")
    here = database(supabase, "supabase_auth_admin")
    rows.fill_new_tables(here, here.user())
    assert rollout(supabase, "rollback", "--emergency", "--yes").status == 0
    done = rollout(supabase, "purge", "--yes")
    assert done.status == 0, done.err
    assert here.rows(TABLES) == []
