"""The validation of 007: what the specification's lets pass, and ours does not."""

import re

import pytest

from rollout.errors import RolloutError
from tests.versions.conftest import SPEC
from tests.versions.database import refusal
from tests.versions.rows import onboarding

RESULTS = "SELECT check_name, status FROM public.validate_migration_integrity()"
TABLES = (
    "user_investment_accounts",
    "user_aggregated_holdings",
    "user_portfolio_snapshots",
    "user_investment_transactions",
    "user_feature_flags",
)
WRITTEN_CHECKS = {
    "user_account_mapping",
    "duplicate_accounts",
    "rls_policies",
    "required_indexes",
}
DAMAGE = {
    **{
        f"{table} without row level security": f"ALTER TABLE {table} DISABLE ROW LEVEL "
        "SECURITY"
        for table in TABLES[3:]
    },
    "a table without policies": """
        DO $$ DECLARE p record; BEGIN
            FOR p IN SELECT polname FROM pg_policy
                WHERE polrelid = 'user_portfolio_snapshots'::regclass
            LOOP
                EXECUTE format('DROP POLICY %I ON user_portfolio_snapshots', p.polname);
            END LOOP;
        END $$
    """,
    "an index missing": "DROP INDEX idx_portfolio_snapshots_date",
    "a trigger missing":
        "DROP TRIGGER update_aggregated_holdings_updated_at "
        "ON user_aggregated_holdings",
    "a trigger disabled": "ALTER TABLE user_investment_accounts DISABLE TRIGGER USER",
    "a constraint not validated":
        "ALTER TABLE user_feature_flags ADD CHECK (flag_name <> '') NOT VALID",
}  # fmt: skip


def failures(database):
    return {name for name, status in database.rows(RESULTS) if status == "FAIL"}


def test_it_has_the_columns_of_the_spec(version):
    names = [
        name
        for (name,) in version.rows(
            "SELECT unnest(proargnames) FROM pg_proc "
            "WHERE oid = 'public.validate_migration_integrity()'::regprocedure"
        )
    ]
    assert names == ["check_name", "status", "details"]


def test_it_has_the_checks_of_the_spec_and_passes_at_head(version):
    results = dict(version.rows(RESULTS))
    assert set(results) >= WRITTEN_CHECKS
    assert set(results.values()) == {"PASS"}
    text = (SPEC / "007_data_validation.sql").read_text()
    assert set(re.findall(r"'(\w+)'::TEXT", text)) == WRITTEN_CHECKS


def test_a_users_second_account_can_be_missing_unnoticed(version):
    user = version.user()
    onboarding(version, user, "a-1")
    onboarding(version, user, "a-2")
    version.run("DELETE FROM user_investment_accounts")
    version.insert(
        "user_investment_accounts", user_id=user, provider="alpaca",
        provider_account_id="a-1", institution_name="Alpaca", account_type="brokerage",
    )  # fmt: skip
    assert ("user_account_mapping" not in failures(version)) is version.as_written


def test_an_account_with_a_number_only_can_be_missing_unnoticed(version):
    onboarding(version, version.user(), None, alpaca_account_number="n-1")
    version.run("DELETE FROM user_investment_accounts")
    assert (failures(version) == set()) is version.as_written


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_goes_unnoticed(version, damage):
    version.run(DAMAGE[damage])
    assert (failures(version) == set()) is version.as_written


def test_anon_can_execute_it_and_learn_counts(version):
    def execute():
        with version.acting("anon"):
            assert version.rows(RESULTS)

    assert (refusal(execute) is None) is version.as_written


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_only_the_server_may_execute_it(head, role):
    with head.acting(role):
        assert refusal(lambda: head.rows(RESULTS)) == "InsufficientPrivilege"
    with head.acting("service_role"):
        assert head.rows(RESULTS)


def test_rejects_are_a_warning(head):
    onboarding(head, None, "a-1")
    assert dict(head.rows(RESULTS))["rejected_rows"] == "WARN"
    assert failures(head) == set()


def test_rejects_do_not_stop_the_upgrade(at, alembic_run):
    database = at("004")
    onboarding(database, None, "a-1")
    alembic_run(database.url, "upgrade", "007")


def test_an_account_that_was_only_busy_counts_as_missing(head):
    onboarding(head, head.user(), "a-1")
    head.run("DELETE FROM user_investment_accounts")
    head.run(
        "INSERT INTO migrations.backfill_rejects "
        "(revision, source_table, source_id, reason) "
        "SELECT '005', 'public.user_onboarding', id, 'busy: lock' FROM user_onboarding"
    )
    assert failures(head) == {"user_account_mapping"}


def test_a_failure_stops_the_upgrade(version_at):
    version = version_at("006")
    onboarding(version, version.user(), "a-1")
    version.run("DELETE FROM user_investment_accounts")
    if version.as_written:
        version.advance("007")  # it reports the FAIL, and nothing stops
        assert failures(version) == {"user_account_mapping"}
        return
    with pytest.raises(RolloutError, match="user_account_mapping"):
        version.advance("007")
    standing = version.value("SELECT version_num FROM migrations.alembic_version")
    assert standing == "006"
    assert version.value("SELECT to_regproc('validate_migration_integrity') IS NULL")
