"""rollback, restore, and the emergency: nothing is lost, whatever is missing."""

import pytest

from tests.versions import rows

STANDS = "SELECT version_num FROM migrations.alembic_version"
OLD = {
    "user_bank_connections", "user_onboarding", "user_personalization",
    "user_transfers",
}  # fmt: skip
MISSING = {
    "tables": "DROP TABLE public.user_portfolio_snapshots, "
    "public.user_investment_transactions",
    "accounts and all on them": "DROP TABLE public.user_investment_accounts CASCADE",
    "views": "DROP VIEW public.user_portfolio_legacy, public.table_sizes",
    "validation": "DROP FUNCTION public.validate_migration_integrity()",
    "bookkeeping view": "DROP VIEW migrations.onboarding_accounts CASCADE",
    "trigger": "DROP TRIGGER sync_investment_account ON public.user_onboarding",
    "index": "DROP INDEX public.idx_user_onboarding_provider",
    "a column": "ALTER TABLE public.user_onboarding DROP COLUMN plaid_link_completed",
    "all columns": "ALTER TABLE public.user_onboarding DROP COLUMN onboarding_version, "
    "DROP COLUMN primary_provider, DROP COLUMN account_aggregation_enabled, "
    "DROP COLUMN plaid_link_completed, DROP COLUMN aggregation_onboarded_at",
    "the log": "DROP TABLE public.migration_log",
    "trigger function": "DROP FUNCTION public.update_last_updated_column() CASCADE",
}


@pytest.fixture
def filled(head_database, database):
    """Head, with rows of the old application and of two new users."""
    head = database(head_database)
    rows.legacy(head)
    for _ in range(2):
        rows.fill_new_tables(head, head.user())
    rows.onboarding(head, head.user(), "a-9", primary_provider="plaid")
    return head


def test_the_last_revision_is_taken_back_after_its_impact_is_shown(rollout, filled):
    done = rollout(filled.url, "rollback", "--yes")
    assert done.status == 0, done.err
    assert done.out.index("What happens to the data") < done.out.index(
        "Taken back: 010"
    )
    assert filled.value(STANDS) == "009"


def test_nobody_to_ask_changes_nothing(rollout, filled):
    done = rollout(filled.url, "rollback", "004")
    assert done.status == 1
    assert "add --yes" in done.err
    assert filled.value(STANDS) == "010"


@pytest.mark.parametrize("how", [["baseline"], ["--emergency"]])
def test_down_and_up_again_loses_nothing(how, rollout, filled):
    before = filled.snapshot(), filled.contents()
    assert rollout(filled.url, "rollback", *how, "--yes").status == 0
    assert filled.value("SELECT to_regclass('public.user_feature_flags') IS NULL")
    assert rollout(filled.url, "deploy", "--no-backup").status == 0
    assert (filled.snapshot(), filled.contents()) == before


def test_the_emergency_keeps_the_log_and_writes_into_it(rollout, filled):
    done = rollout(filled.url, "rollback", "--emergency", "--yes", "--json")
    assert done.json["taken_back"][0] == "010"
    assert filled.value(STANDS) == "000"
    logged = filled.rows("SELECT operation, description FROM public.migration_log")
    assert ("ROLLBACK", "emergency rollback from 010 to 000") in logged


@pytest.mark.parametrize("missing", MISSING)
def test_the_emergency_works_when_something_is_missing(missing, rollout, filled):
    filled.run(MISSING[missing])
    onboarding = filled.rows(
        "SELECT id, user_id FROM public.user_onboarding ORDER BY 1"
    )
    kept = filled.contents()
    done = rollout(filled.url, "rollback", "--emergency", "--yes")
    assert done.status == 0, done.err
    assert filled.value(STANDS) == "000"
    assert filled.value("SELECT count(*) FROM migrations.unfinished") == 0
    left = filled.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
        "AND relkind IN ('r', 'v') AND relname <> 'migration_log'"
    )
    assert {name for (name,) in left} == OLD
    assert filled.rows("SELECT id, user_id FROM public.user_onboarding ORDER BY 1") == (
        onboarding
    )
    for table in ("user_aggregated_holdings", "user_feature_flags"):
        parked = filled.rows(f"SELECT t::text FROM parked.{table} t ORDER BY 1")
        assert [row for (row,) in parked] == kept[table]
    status = filled.rows("SELECT DISTINCT status FROM migrations.schema_versions "
        "WHERE version NOT IN ('0.9.0', '1.0.0')")  # fmt: skip
    assert status == [("rolled_back",)]


def test_a_column_that_is_left_is_parked_with_its_values(rollout, filled):
    filled.run(MISSING["a column"])
    assert rollout(filled.url, "rollback", "--emergency", "--yes").status == 0
    parked = "SELECT primary_provider FROM parked.user_onboarding__009"
    assert filled.rows(parked) == [("plaid",)]
    assert rollout(filled.url, "deploy", "--no-backup").status == 0
    kept = (
        "SELECT count(*) FROM public.user_onboarding WHERE primary_provider = 'plaid'"
    )
    assert filled.value(kept) == 1


@pytest.mark.parametrize("answer", [[], ["--yes"]])
def test_a_half_done_revision_is_refused_before_anybody_is_asked(
    answer, rollout, database_at, database
):
    here = database(database_at("009"))
    here.run(
        "INSERT INTO migrations.unfinished (revision, direction) "
        "VALUES ('010', 'upgrade')"
    )
    done = rollout(here.url, "rollback", *answer)
    assert done.status == 1
    assert "the upgrade of revision 010 was interrupted" in done.err
    assert "add --yes" not in done.err
    assert "Take back" not in done.out + done.err
    assert "What happens to the data" not in done.out


def test_the_half_done_downgrade_goes_on(rollout, database_at, database):
    here = database(database_at("009"))
    here.run(
        "INSERT INTO migrations.unfinished (revision, direction) "
        "VALUES ('009', 'downgrade')"
    )
    done = rollout(here.url, "rollback", "--yes")
    assert done.status == 0, done.err
    assert here.value(STANDS) == "008"


@pytest.mark.parametrize(
    ("where", "taken_back", "stands"),
    [([], "009", "008"), (["007"], "009, 008", "007")],
)
def test_a_half_done_upgrade_is_taken_back_alone_or_with_those_below(
    where, taken_back, stands, rollout, database_at, database
):
    here = database(database_at("009"))
    here.run("DROP INDEX public.idx_user_onboarding_provider")  # its last step
    here.run("UPDATE migrations.alembic_version SET version_num = '008'")
    here.run(
        "INSERT INTO migrations.unfinished (revision, direction) "
        "VALUES ('009', 'upgrade')"
    )
    done = rollout(here.url, "-x", "abandon=009", "rollback", *where, "--yes")
    assert done.status == 0, done.err
    assert f"Taken back: {taken_back}." in done.out
    assert here.value(STANDS) == stands
    assert here.value("SELECT count(*) FROM migrations.unfinished") == 0


def test_what_is_not_half_done_is_not_abandoned(rollout, database_at, database):
    here = database(database_at("009"))
    done = rollout(here.url, "-x", "abandon=009", "rollback", "--yes")
    assert done.status == 1
    assert "the upgrade of revision 009 was not interrupted" in done.err
    assert here.value(STANDS) == "009"


@pytest.mark.parametrize(
    "command", [["rollback", "--emergency", "--yes"], ["deploy", "--no-backup"]]
)
def test_what_is_to_be_abandoned_is_not_gone_on_with(
    command, rollout, database_at, database
):
    here = database(database_at("008"))
    here.run(
        "INSERT INTO migrations.unfinished (revision, direction) "
        "VALUES ('009', 'upgrade')"
    )
    done = rollout(here.url, "-x", "abandon=009", *command)
    assert done.status == 1
    assert "abandon=009 is given, which only a downgrade heeds" in done.err
    assert here.value(STANDS) == "008"
    assert here.value("SELECT direction FROM migrations.unfinished") == "upgrade"


def test_a_half_done_upgrade_is_no_obstacle_to_the_emergency(
    rollout, database_at, database
):
    here = database(database_at("008"))
    rows.legacy(here)
    here.run("ALTER TABLE public.user_onboarding ADD COLUMN primary_provider text")
    here.run("UPDATE public.user_onboarding SET primary_provider = 'plaid'")
    here.run(
        "INSERT INTO migrations.unfinished (revision, direction) "
        "VALUES ('009', 'upgrade')"
    )
    assert rollout(here.url, "rollback", "--yes").status == 1
    done = rollout(here.url, "rollback", "--emergency", "--yes")
    assert done.status == 0, done.err
    assert here.value(STANDS) == "000"
    assert here.value("SELECT count(*) FROM migrations.unfinished") == 0
    kept = "SELECT DISTINCT primary_provider FROM parked.user_onboarding__009"
    assert here.rows(kept) == [("plaid",)]


def test_a_lock_is_no_missing_object(rollout, filled, connect):
    holder = connect(filled.url)
    holder.cursor().execute("LOCK TABLE public.user_feature_flags IN SHARE MODE")
    done = rollout(
        filled.url, "rollback", "--emergency", "--yes", "-x", "lock_wait_s=0.2"
    )
    assert done.status == 1
    assert "could not lock public.user_feature_flags" in done.err
    assert "stands at 008" in done.err
    holder.rollback()
    assert rollout(filled.url, "rollback", "--emergency", "--yes").status == 0


def test_the_emergency_on_supabase_with_parts_missing(
    rollout, supabase, database, alembic_run
):
    alembic_run(supabase, "upgrade", "head")
    here = database(supabase, "supabase_auth_admin")
    rows.fill_new_tables(here, here.user())
    here.run(MISSING["validation"])
    here.run(MISSING["a column"])
    done = rollout(supabase, "rollback", "--emergency", "--yes")
    assert done.status == 0, done.err
    assert here.value("SELECT count(*) FROM parked.user_aggregated_holdings") == 2


def test_nothing_to_take_back_is_said(rollout, database_at):
    url = database_at("000")
    assert "nothing to take back" in rollout(url, "rollback", "--emergency").out
