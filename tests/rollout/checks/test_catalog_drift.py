import json

import pytest

from rollout import catalog, scratch
from rollout.backup import create, restore
from rollout.checks.reparsed import KINDS, variants
from tests.commands import alembic_run
from tests.supabase import as_role

ACCOUNTS = "public.user_investment_accounts"
HOLDINGS = "public.user_aggregated_holdings"
DRIFTS = {
    "an extra policy": f'CREATE POLICY "Open to all" ON {ACCOUNTS} USING (true)',
    "a changed policy": 'ALTER POLICY "Users can manage their investment accounts"'
    f" ON {ACCOUNTS} USING (true)",
    "a lost policy": 'DROP POLICY "Users can view their aggregated holdings"'
    f" ON {HOLDINGS}",
    "an extra trigger": f"CREATE TRIGGER extra BEFORE INSERT ON {HOLDINGS} FOR EACH ROW"
    " EXECUTE FUNCTION public.update_last_updated_column()",
    "a lost trigger": "DROP TRIGGER sync_investment_account ON public.user_onboarding",
    "row level security off": f"ALTER TABLE {HOLDINGS} DISABLE ROW LEVEL SECURITY",
    "an extra grant": f"GRANT SELECT ON {ACCOUNTS} TO anon",
    "a grant on a column": f"GRANT SELECT (id), UPDATE (id) ON {ACCOUNTS} TO anon",
    "a lost grant": f"REVOKE DELETE ON {ACCOUNTS} FROM authenticated",
    "a function's rights": "GRANT EXECUTE ON FUNCTION"
    " public.validate_migration_integrity() TO PUBLIC",
    "a changed function": "ALTER FUNCTION public.update_last_updated_column()"
    " RESET search_path",
    "a lost index": "DROP INDEX public.idx_aggregated_holdings_symbol",
    "a lost constraint": f"ALTER TABLE {ACCOUNTS} DROP CONSTRAINT"
    " user_investment_accounts_provider_check",
    "an extra constraint": f"ALTER TABLE {ACCOUNTS} ADD CONSTRAINT extra CHECK (true)",
    "a changed view": "CREATE OR REPLACE VIEW public.user_portfolio_legacy"
    " WITH (security_invoker = true) AS"
    " SELECT user_id, ''::text AS account_id, institution_name, account_name,"
    f" is_active, ''::text AS account_status FROM {ACCOUNTS}",
    "a view's option": "ALTER VIEW public.user_portfolio_legacy"
    " RESET (security_invoker)",
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_drift_fails_until_it_is_undone_by_the_sql_shown(lab, drift):
    lab.run(DRIFTS[drift])
    (finding,) = lab.findings("catalog_drift")
    assert finding.status == "FAIL"
    assert finding.summary == "1 difference from revision 010"
    lab.mend("catalog_drift")
    assert lab.told("catalog_drift") == "PASS\nsame as a fresh database at 010"


BY_HAND = {
    "a changed column": f"ALTER TABLE {ACCOUNTS} ALTER COLUMN sync_status DROP DEFAULT",
    "an extra column": f"ALTER TABLE {ACCOUNTS} ADD COLUMN extra text",
    "a column of the bookkeeping": "ALTER TABLE migrations.schema_versions"
    " ALTER COLUMN version TYPE text",
}


@pytest.mark.parametrize("drift", BY_HAND)
def test_drift_that_no_statement_undoes_is_left_to_people(lab, drift):
    lab.run(BY_HAND[drift])
    (finding,) = lab.findings("catalog_drift")
    assert finding.status == "FAIL"
    assert finding.remedy[0].startswith("by hand: ")


def test_an_extra_index_is_a_warning(lab):
    lab.run(f"CREATE INDEX extra ON {ACCOUNTS} (provider)")
    assert lab.status("catalog_drift") == "WARN"
    lab.mend("catalog_drift")
    assert lab.status("catalog_drift") == "PASS"


def test_objects_of_others_are_no_drift(lab):
    lab.run(
        "CREATE TABLE public.theirs (id int PRIMARY KEY)",
        "CREATE VIEW public.their_view AS SELECT * FROM public.theirs",
        "CREATE FUNCTION public.theirs() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        'CREATE POLICY "Theirs" ON public.user_transfers USING (true)',
        "ALTER TABLE public.user_onboarding ADD COLUMN theirs text",
        "GRANT SELECT ON public.user_onboarding TO anon",
    )
    assert lab.status("catalog_drift") == "PASS"


def test_a_function_that_a_revision_may_have_found_is_theirs(lab):
    lab.run(
        "ALTER FUNCTION public.update_updated_at_column() RESET search_path",
        "GRANT EXECUTE ON FUNCTION public.update_updated_at_column() TO PUBLIC",
    )
    said = lab.told("catalog_drift")
    assert said.startswith("PASS")
    assert "the customer's own: function public.update_updated_at_column()" in said


def test_a_database_that_went_down_and_up_again_is_the_same(lab):
    alembic_run(lab.url, "downgrade", "003")
    assert lab.told("catalog_drift") == "PASS\nsame as a fresh database at 003"
    alembic_run(lab.url, "upgrade", "head")
    assert lab.status("catalog_drift") == "PASS"


QUIET = {"notice": lambda _: None}
AMOUNTS = "user_portfolio_snapshots_amounts_check"


@pytest.fixture
def restored(lab_of, make_database, tmp_path):
    """Save a database and restore it elsewhere."""

    def make(lab):
        other = lab_of(make_database())
        path = tmp_path / f"{other.target.url.database}.dump"
        create(lab.target, path, check=False, **QUIET)
        restore(other.target, path, **QUIET)
        return other

    return make


def test_a_restored_database_is_the_same_until_something_is_changed(lab, restored):
    once = restored(lab)
    twice = restored(once)
    reads = (
        f"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname='{AMOUNTS}'"
    )
    assert lab.value(reads) != once.value(reads)  # PostgreSQL prints it differently
    for other in (once, twice):
        assert other.told("catalog_drift") == "PASS\nsame as a fresh database at 010"
    table = "public.user_portfolio_snapshots"
    once.run(
        f"ALTER TABLE {table} DROP CONSTRAINT {AMOUNTS}, "
        f"ADD CONSTRAINT {AMOUNTS} CHECK ('NaN' <> total_value)"
    )
    assert once.status("catalog_drift") == "FAIL"
    once.mend("catalog_drift")
    assert once.status("catalog_drift") == "PASS"


EXPRESSIONS = """
    CREATE TABLE public.things (
        id int PRIMARY KEY, state varchar(9) DEFAULT lower('a' || ('b' || 'c%')),
        CONSTRAINT known CHECK (state IN ('a', 'b') AND id > 0 AND id < 9 AND id <> 5)
    );
    CREATE INDEX open ON public.things (id) WHERE state IN ('a', 'b%');
    CREATE POLICY own ON public.things USING (state IN ('a', 'b%'))
        WITH CHECK (state IN ('a', 'b'));
    CREATE VIEW public.seen AS SELECT id FROM public.things WHERE state IN ('a', 'b%');
    CREATE TRIGGER told BEFORE UPDATE ON public.things FOR EACH ROW
        WHEN (OLD.state IN ('a', 'b'))
        EXECUTE FUNCTION suppress_redundant_updates_trigger()
"""


def test_every_kind_of_expression_is_read_again_as_a_restore_reads_it(
    lab_of, make_database, restored, alembic_run
):
    url = make_database()
    alembic_run(url, "upgrade", "baseline")
    lab = lab_of(url)
    lab.run(EXPRESSIONS)
    with lab.target.connect() as connection:
        was = catalog.snapshot(connection)
        also = variants(connection, ["public"], was)
        assert catalog.snapshot(connection) == was  # it was rolled back
    with restored(lab).target.connect() as connection:
        now = catalog.snapshot(connection)
    changed = {
        kind: {name: text for name, text in now[kind].items() if objects[name] != text}
        for kind, objects in was.items()
    }
    assert {kind for kind in changed if changed[kind]} == set(KINDS) - {"column"}
    for kind, objects in changed.items():
        for name, text in objects.items():
            assert text in also[kind][name]


SCRATCH = "SELECT count(*) FROM pg_database WHERE datname LIKE 'rollout_scratch_%'"


def test_the_scratch_database_is_dropped_and_the_catalog_remembered(
    lab, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert lab.status("catalog_drift") == "PASS"
    assert lab.value(SCRATCH) == 0
    (file,) = tmp_path.glob("rollout/catalog-*.json")
    remembered = json.loads(file.read_text())
    assert "public.user_onboarding" in remembered["before"]["relation"]
    monkeypatch.setattr("rollout.checks.fresh._make", None)  # would fail if called
    assert lab.status("catalog_drift") == "PASS"


def test_the_scratch_database_is_dropped_after_a_failure(lab, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("rollout.checks.fresh.command.upgrade", fail)
    with pytest.raises(KeyboardInterrupt):
        lab.findings("catalog_drift")
    assert lab.value(SCRATCH) == 0


@pytest.fixture
def poor(lab, lab_of, tmp_path, monkeypatch):
    """The same database for a role that may look but make no databases."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    lab.run(
        "DROP ROLE IF EXISTS poor",
        "CREATE ROLE poor LOGIN",
        "GRANT pg_read_all_data TO poor",
    )
    yield lab_of(as_role(lab.url, "poor"))
    lab.run("DROP OWNED BY poor", "DROP ROLE poor")


def test_without_createdb_the_embedded_server_serves(poor):
    if poor.value("SELECT current_setting('server_version')").split(".")[0] != "18":
        pytest.skip("the embedded PostgreSQL is of another major version")
    assert poor.told("catalog_drift") == "PASS\nsame as a fresh database at 010"


def test_without_any_server_it_is_a_warning_with_the_reason(poor, monkeypatch):
    monkeypatch.setattr(scratch.embedded, "installed", lambda: False)
    (finding,) = poor.findings("catalog_drift")
    assert finding.status == "WARN"
    assert "may not create databases (CREATEDB)" in finding.summary
    assert "not installed" in finding.details[0]


def test_a_server_of_another_version_does_not_serve(poor, monkeypatch):
    monkeypatch.setattr(scratch.metadata, "version", lambda name: "12.1")
    (finding,) = poor.findings("catalog_drift")
    assert finding.status == "WARN"
    assert "the embedded PostgreSQL is 12" in finding.details[0]
