"""The backfill of 005: each defect of the specification's statement is shown, and gone.

``legacy`` stands before 005, with the old application's tables only to be filled;
``legacy.advance("005")`` runs ours or the specification's.
"""

import pytest

from tests.versions.rows import LATER, SOME_DAY, onboarding

ACCOUNTS = "SELECT count(*) FROM public.user_investment_accounts"
REJECTS = "SELECT source_id, reason FROM migrations.backfill_rejects"

STATUSES = {
    "ACTIVE": ("success", True),
    "ACCOUNT_UPDATED": ("success", True),
    "PENDING": ("pending", False),
    "SUBMITTED": ("pending", False),
    "ONBOARDING": ("pending", False),
    "RESUBMITTED": ("pending", False),
    "ACTION_REQUIRED": ("pending", False),
    "EDITED": ("pending", False),
    "APPROVAL_PENDING": ("pending", False),
    "REAPPROVAL_PENDING": ("pending", False),
    "SIGNED_UP": ("pending", False),
    "KYC_SUBMITTED": ("pending", False),
    "AML_REVIEW": ("pending", False),
    "APPROVED": ("pending", False),
    "DISABLED": ("disabled", False),
    "DISABLE_PENDING": ("disabled", False),
    "ACCOUNT_CLOSED": ("disabled", False),
    "SUBMISSION_FAILED": ("error", False),
    "APPROVAL_FAILED": ("error", False),
    "REJECTED": ("error", False),
    "PAPER_ONLY": ("error", False),
}
"""Alpaca's statuses, as the broker API lists them, and what each must become."""

ODD_STATUSES = {
    " active": ("success", True),
    "Active\n": ("success", True),
    "\tACCOUNT_updated ": ("success", True),
    "submitted": ("pending", False),
    "disabled ": ("disabled", False),
    "ACTIVE2": ("error", False),
    "IN ACTIVE": ("error", False),
    "": ("error", False),
    None: ("error", False),
}
AS_WRITTEN = {"ACTIVE": "success", "PENDING": "pending", "SUBMITTED": "pending"}


@pytest.fixture
def legacy(version_at):
    return version_at("004")


def carried(database, id_):
    """Status and activity of the account that a row of user_onboarding became."""
    ((status, active),) = database.rows(
        "SELECT a.sync_status, a.is_active FROM public.user_investment_accounts AS a "
        "JOIN public.user_onboarding AS o USING (user_id) WHERE o.id = %s",
        id_,
    )
    return status, active


def fails(database):
    try:
        database.advance("005")
    except Exception as error:  # noqa: BLE001 - whatever it is, it failed
        return type(error).__name__
    return None


def test_a_good_row_becomes_an_account_as_the_spec_says(legacy):
    user = legacy.user()
    onboarding(legacy, user, "a-1", "ACTIVE", alpaca_account_number="n-1")
    legacy.advance("005")
    assert legacy.rows(
        "SELECT user_id, provider, provider_account_id, institution_name, "
        "account_name, account_type, is_active, is_primary, sync_status, "
        "last_synced = %s, created_at = %s, updated_at = %s "
        "FROM public.user_investment_accounts",
        LATER, SOME_DAY, LATER,
    ) == [
        (user, "alpaca", "a-1", "Alpaca Securities", "Alpaca Brokerage Account",
         "brokerage", True, True, "success", True, True, True)
    ]  # fmt: skip


def test_a_number_serves_where_there_is_no_id(legacy):
    onboarding(legacy, legacy.user(), None, alpaca_account_number="n-1")
    onboarding(legacy, legacy.user(), None)
    legacy.advance("005")
    account = "SELECT provider_account_id FROM public.user_investment_accounts"
    assert legacy.rows(account) == [("n-1",)]


def test_a_row_without_a_user_stops_everything(legacy):
    onboarding(legacy, None, "a-1")
    onboarding(legacy, legacy.user(), "a-2")
    assert (fails(legacy) is not None) is legacy.as_written
    assert legacy.value(ACCOUNTS) == (0 if legacy.as_written else 1)


def test_a_row_without_a_user_is_kept_with_its_reason(at, alembic_run):
    database = at("004")
    id_ = onboarding(database, None, "a-1")
    alembic_run(database.url, "upgrade", "005")
    assert database.rows(REJECTS) == [(str(id_), "no user")]
    kept = "SELECT row_data ->> 'alpaca_account_id' FROM migrations.backfill_rejects"
    assert database.value(kept) == "a-1"


def test_an_account_listed_twice_stops_everything(legacy):
    user = legacy.user()
    onboarding(legacy, user, "a-1")
    onboarding(legacy, user, "a-1", created_at=LATER)
    assert (fails(legacy) is not None) is legacy.as_written
    assert legacy.value(ACCOUNTS) == (0 if legacy.as_written else 1)


def test_of_an_account_listed_twice_the_active_then_the_older_one_is_carried(
    at, alembic_run
):
    database = at("004")
    first, second = database.user(), database.user()
    active = onboarding(database, first, "a-1", "ACTIVE", created_at=LATER)
    closed = onboarding(database, first, "a-1", "ACCOUNT_CLOSED", created_at=SOME_DAY)
    newer = onboarding(database, second, "a-2", created_at=LATER)
    older = onboarding(database, second, "a-2", created_at=SOME_DAY)
    alembic_run(database.url, "upgrade", "005")
    carried_ids = database.rows("SELECT id FROM user_investment_accounts")
    assert set(carried_ids) == {(active,), (older,)}
    reason = "duplicate of another account of the user"
    assert set(database.rows(REJECTS)) == {(str(closed), reason), (str(newer), reason)}


def test_the_same_account_of_two_users_is_two_accounts(legacy):
    for _ in range(2):
        onboarding(legacy, legacy.user(), "shared")
    legacy.advance("005")
    assert legacy.value(ACCOUNTS) == 2


def test_a_rerun_fails(legacy):
    onboarding(legacy, legacy.user(), "a-1")
    legacy.advance("005")
    if not legacy.as_written:  # killed after its last batch, before it was recorded
        legacy.run("UPDATE migrations.alembic_version SET version_num = '004'")
    assert (fails(legacy) is not None) is legacy.as_written
    assert legacy.value(ACCOUNTS) == 1


@pytest.mark.parametrize("blank", ["", "   ", "\t\n"])
def test_a_blank_id_is_carried_over(legacy, blank):
    onboarding(legacy, legacy.user(), blank, alpaca_account_number="n-1")
    onboarding(legacy, legacy.user(), blank, alpaca_account_number=blank)
    onboarding(legacy, legacy.user(), blank)
    legacy.advance("005")
    carried_ids = legacy.rows(
        "SELECT provider_account_id FROM user_investment_accounts"
    )
    assert ((blank,) in carried_ids) is legacy.as_written
    if not legacy.as_written:
        assert carried_ids == [("n-1",)]
        assert [reason for _, reason in legacy.rows(REJECTS)] == [
            "blank account id"
        ] * 2


def test_a_user_with_two_accounts_has_two_primary_ones(legacy):
    user = legacy.user()
    onboarding(legacy, user, "a-1")
    onboarding(legacy, user, "a-2")
    legacy.advance("005")
    primary = legacy.value(f"{ACCOUNTS} WHERE is_primary")
    assert primary == (2 if legacy.as_written else 1)


def test_the_primary_account_is_the_active_then_the_oldest(at, alembic_run):
    database = at("004")
    user = database.user()
    onboarding(database, user, "closed", "ACCOUNT_CLOSED", created_at="2020-01-01")
    onboarding(database, user, "newer", created_at=LATER)
    onboarding(database, user, "undated", created_at=None)
    onboarding(database, user, "older", created_at=SOME_DAY)
    alembic_run(database.url, "upgrade", "005")
    primary = (
        "SELECT provider_account_id FROM user_investment_accounts WHERE is_primary"
    )
    assert database.rows(primary) == [("older",)]


def test_an_account_that_the_user_made_primary_stays_so(at, alembic_run):
    database = at("004")
    user = database.user()
    mine = database.insert(
        "public.user_investment_accounts", user_id=user, provider="manual",
        provider_account_id="m", institution_name="Bank", account_type="ira",
        is_primary=True,
    )  # fmt: skip
    onboarding(database, user, "a-1")
    alembic_run(database.url, "upgrade", "005")
    primary = "SELECT id FROM user_investment_accounts WHERE is_primary"
    assert database.rows(primary) == [(mine,)]
    assert database.value(ACCOUNTS) == 2


def test_accounts_opened_later_are_missed(legacy):
    legacy.advance("005")
    onboarding(legacy, legacy.user(), "a-1")
    assert (legacy.value(ACCOUNTS) == 0) is legacy.as_written


def test_missing_timestamps_take_the_default(legacy):
    onboarding(legacy, legacy.user(), "a-1", created_at=None, updated_at=None)
    legacy.advance("005")
    missing = legacy.value(f"{ACCOUNTS} WHERE created_at IS NULL OR updated_at IS NULL")
    assert missing == (1 if legacy.as_written else 0)
    assert legacy.value(f"{ACCOUNTS} WHERE last_synced IS NOT NULL") == 0


def test_most_statuses_end_as_errors(legacy):
    ids = {s: onboarding(legacy, legacy.user(), "a", s) for s in STATUSES}
    assert len(ids) == 21
    legacy.advance("005")
    found = {status: carried(legacy, id_) for status, id_ in ids.items()}
    if legacy.as_written:
        assert {s: found[s][0] for s in found} == {
            s: AS_WRITTEN.get(s, "error") for s in STATUSES
        }
    else:
        assert found == STATUSES


def test_a_status_with_spaces_or_in_lower_case_ends_as_an_error(legacy):
    ids = {s: onboarding(legacy, legacy.user(), "a", s) for s in ODD_STATUSES}
    legacy.advance("005")
    found = {status: carried(legacy, id_) for status, id_ in ids.items()}
    if legacy.as_written:
        assert {status for status, _ in found.values()} == {"error"}
    else:
        assert found == ODD_STATUSES


def test_the_trigger_knows_the_same_statuses(head):
    ids = {
        s: onboarding(head, head.user(), "a", s) for s in {**STATUSES, **ODD_STATUSES}
    }
    found = {status: carried(head, id_) for status, id_ in ids.items()}
    assert found == {**STATUSES, **ODD_STATUSES}


def test_the_account_has_the_id_of_its_onboarding_row(legacy):
    id_ = onboarding(legacy, legacy.user(), "a-1")
    legacy.advance("005")
    traced = legacy.value(f"{ACCOUNTS} WHERE id = %s", id_) == 1
    assert (not traced) is legacy.as_written


def test_the_old_applications_rows_are_not_touched(legacy):
    onboarding(legacy, legacy.user(), " a-1", " odd ", onboarding_data='{"a": 1}')
    onboarding(legacy, legacy.user(), "")  # one that is not carried
    rows = legacy.contents()["user_onboarding"]
    legacy.advance("005")
    assert legacy.contents()["user_onboarding"] == rows


def test_personal_data_is_not_copied_into_the_rejects(at, alembic_run):
    database = at("004")
    onboarding(database, None, "a-1", onboarding_data='{"ssn": "123-45-6789"}')
    alembic_run(database.url, "upgrade", "005")
    kept = database.value("SELECT row_data::text FROM migrations.backfill_rejects")
    assert "123-45" not in kept


def test_every_row_with_an_account_is_carried_or_rejected(at, alembic_run):
    database = at("004")
    for number in range(400):
        user = database.user() if number % 7 else None
        onboarding(database, user, ["a", "", None, "b "][number % 4],
                   alpaca_account_number=["n", None, " "][number % 3])  # fmt: skip
    alembic_run(database.url, "upgrade", "005")
    claims = database.value(
        "SELECT count(*) FROM user_onboarding WHERE alpaca_account_id IS NOT NULL "
        "OR alpaca_account_number IS NOT NULL"
    )
    rejected = database.value("SELECT count(*) FROM migrations.backfill_rejects")
    assert rejected > 0
    assert database.value(ACCOUNTS) + rejected == claims


def test_an_unexpected_failure_of_one_row_is_kept_and_the_rest_carried(at, alembic_run):
    """Such as an id that the index cannot take."""
    database = at("004")
    bad = onboarding(database, database.user(), "x" * 10)
    onboarding(database, database.user(), "good")
    database.run(
        "ALTER TABLE user_investment_accounts ADD CONSTRAINT short "
        "CHECK (length(provider_account_id) < 10)"
    )
    alembic_run(database.url, "upgrade", "005")
    assert database.value(ACCOUNTS) == 1
    ((id_, reason),) = database.rows(REJECTS)
    assert id_ == str(bad)
    assert "short" in reason
