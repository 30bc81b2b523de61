"""rollback --only and restore: one component away and back, everything else stays."""

import pytest

from tests.versions import rows

COMPONENTS = {
    "aggregated_holdings": "user_aggregated_holdings",
    "snapshots": "user_portfolio_snapshots",
    "feature_flags": "user_feature_flags",
}
OVER = """
    CREATE VIEW public.top WITH (security_invoker = true, security_barrier = true) AS
        SELECT user_id, symbol, '100%'::text AS share
        FROM public.user_positions_aggregated;
    ALTER VIEW public.top ALTER COLUMN share SET DEFAULT 'a:b';
    COMMENT ON VIEW public.top IS 'the user''s "top" : 100 %';
    COMMENT ON COLUMN public.top.share IS 'of all';
    GRANT SELECT ON public.top TO authenticated WITH GRANT OPTION;
    GRANT UPDATE (symbol) ON public.top TO service_role
"""


@pytest.fixture
def head(head_database, database):
    here = database(head_database)
    rows.fill_new_tables(here, here.user())
    return here


def away_and_back(rollout, url, name):
    done = rollout(url, "rollback", "--only", name, "--yes")
    assert done.status == 0, done.err
    return rollout(url, "restore", name)


@pytest.mark.parametrize("name", COMPONENTS)
def test_back_means_identical(name, rollout, head):
    before = head.snapshot(), head.contents()
    done = away_and_back(rollout, head.url, name)
    assert done.status == 0, done.err
    assert (head.snapshot(), head.contents()) == before


@pytest.mark.parametrize("name", COMPONENTS)
def test_on_supabase_too(name, rollout, supabase, database, alembic_run):
    alembic_run(supabase, "upgrade", "head")
    here = database(supabase, "supabase_auth_admin")
    rows.fill_new_tables(here, here.user())
    before = here.snapshot(), here.contents()
    done = away_and_back(rollout, supabase, name)
    assert done.status == 0, done.err
    assert (here.snapshot(), here.contents()) == before


def test_the_rest_stays(rollout, head):
    done = rollout(head.url, "rollback", "--only", "aggregated_holdings", "--yes")
    assert "view public.user_positions_aggregated" in done.out
    tables = head.contents()
    assert "user_aggregated_holdings" not in tables
    assert len(tables["user_investment_accounts"]) == 2
    assert head.value("SELECT version_num FROM migrations.alembic_version") == "010"
    assert head.value("SELECT count(*) FROM parked.user_aggregated_holdings") == 2
    assert "Component aggregated_holdings is away" in rollout(head.url, "status").out
    away = rollout(head.url, "status", "--json").json["components_parked"]
    assert [component["name"] for component in away] == ["aggregated_holdings"]


def test_views_on_views_come_back_with_all_that_belongs_to_them(rollout, head):
    head.run(OVER)
    before = head.snapshot()
    assert any("top" in name for name in before["grant"])
    done = away_and_back(rollout, head.url, "aggregated_holdings")
    assert done.status == 0, done.err
    assert head.snapshot() == before


def test_a_materialized_view_is_refused(rollout, head):
    head.run("CREATE MATERIALIZED VIEW public.m AS SELECT * FROM user_feature_flags")
    done = rollout(head.url, "rollback", "--only", "feature_flags", "--yes")
    assert done.status == 1
    assert "DROP MATERIALIZED VIEW public.m" in done.err
    assert "user_feature_flags" in head.contents()


def test_both_are_in_the_log(rollout, head):
    away_and_back(rollout, head.url, "snapshots")
    logged = head.rows(
        "SELECT operation, migration_file FROM migration_log "
        "WHERE migration_file LIKE 'rollout%' ORDER BY executed_at"
    )
    assert logged == [
        ("ROLLBACK", "rollout rollback --only snapshots"),
        ("CREATE", "rollout restore snapshots"),
    ]


def test_nobody_to_ask_changes_nothing(rollout, head):
    done = rollout(head.url, "rollback", "--only", "snapshots")
    assert done.status == 1
    assert "user_portfolio_snapshots" in head.contents()


def test_away_twice_is_refused(rollout, head):
    rollout(head.url, "rollback", "--only", "snapshots", "--yes")
    done = rollout(head.url, "rollback", "--only", "snapshots", "--yes")
    assert done.status == 1
    assert "is parked already" in done.err
    assert "rollout restore snapshots" in done.err


def test_what_was_not_taken_away_cannot_be_restored(rollout, head):
    done = rollout(head.url, "restore", "snapshots")
    assert done.status == 1
    assert "snapshots is not parked" in done.err


def test_what_a_rollback_parked_is_brought_back_by_deploy(rollout, head):
    rollout(head.url, "rollback", "002", "--yes")
    done = rollout(head.url, "restore", "snapshots")
    assert done.status == 1
    assert "rollout deploy" in done.err


def test_a_deploy_that_brought_it_back_settles_it(rollout, head):
    before = head.snapshot()
    rollout(head.url, "rollback", "--only", "aggregated_holdings", "--yes")
    assert rollout(head.url, "rollback", "001", "--yes").status == 0
    assert rollout(head.url, "deploy", "--no-backup").status == 0
    done = rollout(head.url, "restore", "aggregated_holdings")
    assert "back already" in done.out
    assert head.snapshot() == before


def test_a_table_made_meanwhile_is_not_overwritten(rollout, head):
    rollout(head.url, "rollback", "--only", "snapshots", "--yes")
    head.run("CREATE TABLE public.user_portfolio_snapshots (a int)")
    done = rollout(head.url, "restore", "snapshots")
    assert done.status == 1
    assert "is there already" in done.err
    assert head.value("SELECT count(*) FROM parked.user_portfolio_snapshots") == 2


def test_a_table_in_use_is_waited_for_without_queueing(rollout, head, connect):
    holder = connect(head.url)
    holder.cursor().execute("SELECT 1 FROM public.user_portfolio_snapshots")
    arguments = ("rollback", "--only", "snapshots", "--yes", "-x", "lock_wait_s=0.3")
    done = rollout(head.url, *arguments)
    assert done.status == 1
    assert f"pid {holder.info.backend_pid}" in done.err
    assert "user_portfolio_snapshots" in head.contents()
    assert rollout(head.url, "status", "--json").json["components_parked"] == []
