"""What the trigger of 005 carries over, and that it never stands in the way."""

import pytest

from rollout.catalog import diff
from tests.versions.rows import NEW_ROWS, onboarding, owned

ACCOUNT = """
    SELECT provider_account_id, sync_status, is_active
    FROM public.user_investment_accounts WHERE id = %s
"""
REJECTS = "SELECT source_id, reason FROM migrations.backfill_rejects ORDER BY 1"
SET_STATUS = (
    "UPDATE public.user_onboarding SET alpaca_account_status = %s WHERE id = %s"
)
COUNT = "SELECT count(*) FROM public.user_investment_accounts"


@pytest.fixture
def opened(head):
    """An account that the old application has opened: its row's id, and its user."""
    user = head.user()
    return onboarding(head, user, "a-1", "SUBMITTED"), user


def aggregate(database, id_, enabled=True):
    database.run(
        "UPDATE user_onboarding SET account_aggregation_enabled = %s WHERE id = %s",
        enabled, id_,
    )  # fmt: skip


# --- what it carries over


def test_an_account_opened_later_is_carried_over(head, opened):
    assert head.rows(ACCOUNT, opened[0]) == [("a-1", "pending", False)]


def test_a_status_change_is_carried_over(head, opened):
    head.run(SET_STATUS, "ACTIVE", opened[0])
    assert head.rows(ACCOUNT, opened[0]) == [("a-1", "success", True)]
    head.run(SET_STATUS, "ACCOUNT_CLOSED", opened[0])
    assert head.rows(ACCOUNT, opened[0]) == [("a-1", "disabled", False)]


def test_an_id_that_arrives_later_is_carried_over(head):
    id_ = onboarding(head, head.user(), None, None)
    assert head.rows(ACCOUNT, id_) == []
    head.run(
        "UPDATE user_onboarding SET alpaca_account_number = 'n' WHERE id = %s", id_
    )
    assert head.rows(ACCOUNT, id_) == [("n", "error", False)]
    head.run("UPDATE user_onboarding SET alpaca_account_id = 'a' WHERE id = %s", id_)
    assert head.rows(ACCOUNT, id_) == [("a", "error", False)]


def test_a_user_that_arrives_later_settles_the_reject(head):
    id_ = onboarding(head, None, "a-1")
    assert head.rows(REJECTS) == [(str(id_), "no user")]
    head.run("UPDATE user_onboarding SET user_id = %s WHERE id = %s", head.user(), id_)
    assert head.rows(ACCOUNT, id_) == [("a-1", "success", True)]
    assert head.rows(REJECTS) == []


def test_deleting_the_user_deletes_the_account(head, opened):
    id_, user = opened
    head.run("DELETE FROM user_onboarding WHERE id = %s", id_)
    head.delete_user(user)
    assert head.value(COUNT) == 0


def test_deleting_the_onboarding_row_keeps_the_account(head, opened):
    head.run("DELETE FROM user_onboarding WHERE id = %s", opened[0])
    assert head.value(COUNT) == 1


def test_a_second_account_is_not_a_second_primary(head, opened):
    second = onboarding(head, opened[1], "a-2")
    primary = "SELECT id FROM user_investment_accounts WHERE is_primary"
    assert head.rows(primary) == [(opened[0],)]
    assert head.rows(ACCOUNT, second) == [("a-2", "success", True)]


def test_the_same_account_again_is_a_reject(head, opened):
    second = onboarding(head, opened[1], "a-1")
    reason = "duplicate of another account of the user"
    assert head.rows(REJECTS) == [(str(second), reason)]
    assert head.value(COUNT) == 1


def test_an_upsert_of_many_rows_is_carried_over(head):
    users = [head.user() for _ in range(5)]
    head.run(
        "INSERT INTO user_onboarding (id, user_id, alpaca_account_id) "
        "SELECT gen_random_uuid(), u, 'a' FROM unnest(%s::uuid[]) AS u",
        users,
    )
    assert head.value(COUNT) == 5


# --- what it leaves alone


def test_a_write_of_something_else_changes_nothing(head, opened):
    before = head.contents()["user_investment_accounts"]
    head.run("UPDATE user_onboarding SET status = 'x', updated_at = now()")
    assert head.contents()["user_investment_accounts"] == before


def test_a_write_that_repeats_the_status_changes_nothing(head, opened):
    before = head.contents()["user_investment_accounts"]
    head.run(SET_STATUS, "submitted", opened[0])
    assert head.contents()["user_investment_accounts"] == before


def test_what_the_new_application_owns_is_left_alone(head, opened):
    head.run(
        "UPDATE user_investment_accounts SET account_name = 'Mine', "
        "is_primary = false, institution_name = 'Renamed', "
        "raw_account_data = '{\"a\": 1}', sync_enabled = false"
    )
    head.run(SET_STATUS, "ACTIVE", opened[0])
    assert head.rows(
        "SELECT account_name, is_primary, institution_name, raw_account_data, "
        "sync_enabled, sync_status FROM user_investment_accounts"
    ) == [("Mine", False, "Renamed", {"a": 1}, False, "success")]


def test_an_aggregated_user_is_left_alone(head, opened):
    aggregate(head, opened[0])
    head.run(SET_STATUS, "ACCOUNT_CLOSED", opened[0])
    assert head.rows(ACCOUNT, opened[0]) == [("a-1", "pending", False)]
    aggregate(head, opened[0], enabled=False)
    head.run(SET_STATUS, "ACTIVE", opened[0])
    assert head.rows(ACCOUNT, opened[0]) == [("a-1", "success", True)]


def test_an_aggregated_user_is_left_alone_while_the_column_is_parked(
    head, opened, alembic_run
):
    other = onboarding(head, head.user(), "a-2", "SUBMITTED")
    aggregate(head, opened[0])
    alembic_run(head.url, "downgrade", "008")
    for id_ in (opened[0], other):
        head.run(SET_STATUS, "ACCOUNT_CLOSED", id_)
    assert head.rows(ACCOUNT, opened[0]) == [("a-1", "pending", False)]
    assert head.rows(ACCOUNT, other) == [("a-2", "disabled", False)]
    alembic_run(head.url, "upgrade", "head")
    assert head.rows(ACCOUNT, opened[0]) == [("a-1", "pending", False)]


def test_accounts_of_other_providers_are_left_alone(head, opened):
    mine = head.insert(
        "public.user_investment_accounts", user_id=opened[1],
        **NEW_ROWS["user_investment_accounts"][1],
    )  # fmt: skip
    head.run(SET_STATUS, "ACTIVE", opened[0])
    assert head.rows(ACCOUNT, mine) == [("m", "pending", True)]


def test_a_row_without_an_account_costs_nothing(head):
    """The trigger's condition: its function is not even called."""
    head.run(
        "CREATE OR REPLACE FUNCTION migrations.sync_onboarding() RETURNS trigger "
        "LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'called'; END $$"
    )
    onboarding(head, head.user(), None, None)
    head.run("UPDATE user_onboarding SET status = 'x'")
    with pytest.raises(Exception, match="called"):
        onboarding(head, head.user(), "a-1")


# --- that it never fails the old write


def test_a_locked_account_does_not_hold_up_the_old_write(head, opened):
    other = head.another()
    other.cursor().execute("SELECT FROM user_investment_accounts FOR UPDATE")
    head.run("SET statement_timeout = '5s'")  # it gives up long before
    assert head.run(SET_STATUS, "ACTIVE", opened[0]) == 1
    ((id_, reason),) = head.rows(REJECTS)
    assert id_ == str(opened[0])
    assert reason.startswith("busy: ")
    assert head.rows(ACCOUNT, opened[0]) == [("a-1", "pending", False)]
    other.rollback()


def test_what_was_busy_is_settled_by_a_later_write_of_anybodys(head, opened):
    other = head.another()
    other.cursor().execute("SELECT FROM user_investment_accounts FOR UPDATE")
    head.run(SET_STATUS, "ACTIVE", opened[0])
    other.rollback()
    onboarding(head, head.user(), "somebody else's")
    assert head.rows(REJECTS) == []
    assert head.rows(ACCOUNT, opened[0]) == [("a-1", "success", True)]


def test_an_account_held_for_long_keeps_nobody_elses_from_being_carried(head, opened):
    another = onboarding(head, head.user(), "b-1", "SUBMITTED")
    holder = head.another()
    holder.cursor().execute(
        "SELECT FROM user_investment_accounts WHERE id = %s FOR UPDATE", (opened[0],)
    )
    head.run(SET_STATUS, "ACTIVE", opened[0])
    head.run(SET_STATUS, "ACTIVE", another)
    assert head.rows(ACCOUNT, another) == [("b-1", "success", True)]
    assert [id_ for id_, _ in head.rows(REJECTS)] == [str(opened[0])]
    holder.rollback()


def test_a_status_written_while_somebody_settles_the_one_before_is_not_lost(
    head, opened
):
    """Account and reject are both held by the one who settles, until he commits."""
    another = onboarding(head, head.user(), "b-1", "SUBMITTED")
    holder = head.another()
    holder.cursor().execute(
        "SELECT FROM user_investment_accounts WHERE id = %s FOR UPDATE", (another,)
    )
    head.run(SET_STATUS, "ACTIVE", another)
    holder.rollback()
    settles = head.another()
    settles.cursor().execute(SET_STATUS, ("ACTIVE", opened[0]))
    head.run(SET_STATUS, "ACCOUNT_CLOSED", another)
    settles.commit()
    assert [reason[:6] for _, reason in head.rows(REJECTS)] == ["busy: "]
    head.run("UPDATE user_onboarding SET user_id = user_id WHERE id = %s", opened[0])
    assert head.rows(REJECTS) == []
    assert head.rows(ACCOUNT, another) == [("b-1", "disabled", False)]


def test_a_write_with_an_old_snapshot_counts_as_busy_too(head, opened):
    """Under REPEATABLE READ, an account changed meanwhile cannot be written."""
    old = head.another().cursor()
    old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1")
    head.run("UPDATE user_investment_accounts SET account_name = 'Mine'")
    old.execute(SET_STATUS, ("ACTIVE", opened[0]))
    old.connection.commit()
    assert [reason[:6] for _, reason in head.rows(REJECTS)] == ["busy: "]
    head.run("UPDATE user_onboarding SET user_id = user_id")
    assert head.rows(ACCOUNT, opened[0]) == [("a-1", "success", True)]


def test_a_locked_table_does_not_hold_up_the_old_write(head, opened):
    other = head.another()
    other.cursor().execute("LOCK TABLE user_investment_accounts")
    assert head.run(SET_STATUS, "ACTIVE", opened[0]) == 1
    other.rollback()
    assert [reason[:6] for _, reason in head.rows(REJECTS)] == ["busy: "]


def test_a_locked_rejects_table_does_not_fail_the_old_write_either(head, opened):
    other = head.another()
    other.cursor().execute(
        "LOCK TABLE user_investment_accounts, migrations.backfill_rejects"
    )
    assert head.run(SET_STATUS, "ACTIVE", opened[0]) == 1
    other.rollback()
    status = "SELECT alpaca_account_status FROM user_onboarding WHERE id = %s"
    assert head.value(status, opened[0]) == "ACTIVE"


def test_an_error_of_its_own_is_kept_as_a_reject(head, opened):
    head.run(
        "ALTER TABLE user_investment_accounts ADD CONSTRAINT no_success "
        "CHECK (sync_status <> 'success')"
    )
    assert head.run(SET_STATUS, "ACTIVE", opened[0]) == 1
    ((id_, reason),) = head.rows(REJECTS)
    assert id_ == str(opened[0])
    assert reason.startswith("error: ")
    assert "no_success" in reason


def test_a_lost_function_does_not_fail_the_old_write(head, opened):
    head.run("DROP FUNCTION migrations.sync_account(uuid)")
    assert head.run(SET_STATUS, "ACTIVE", opened[0]) == 1
    assert [reason[:7] for _, reason in head.rows(REJECTS)] == ["error: "]


def test_it_works_for_users_who_may_touch_none_of_its_tables(head, opened):
    head.run("REVOKE ALL ON user_investment_accounts FROM authenticated")
    with head.as_user(opened[1], commit=True):
        assert head.run(SET_STATUS, "ACTIVE", opened[0]) == 1
    assert head.rows(ACCOUNT, opened[0]) == [("a-1", "success", True)]
    assert head.rows(REJECTS) == []


def test_its_lock_timeout_does_not_outlive_it(head, opened):
    before = head.value("SHOW lock_timeout")
    with head.rolled_back():
        head.run(SET_STATUS, "ACTIVE", opened[0])
        assert head.value("SHOW lock_timeout") == before


# --- the way down


def test_a_downgrade_removes_untouched_accounts_only(at, alembic_run):
    database = at("004")
    users = [database.user() for _ in range(4)]
    untouched, renamed, booked, changed = (onboarding(database, u, "a") for u in users)
    alembic_run(database.url, "upgrade", "005")
    database.run(
        "UPDATE user_investment_accounts SET account_name = 'Mine' WHERE id = %s",
        renamed,
    )
    buy = NEW_ROWS["user_investment_transactions"][0]
    buy = owned(database, "user_investment_transactions", buy, users[2])
    database.insert("public.user_investment_transactions", **buy)
    database.run(SET_STATUS, "ACCOUNT_CLOSED", changed)
    own = database.insert(
        "public.user_investment_accounts", user_id=users[0],
        **NEW_ROWS["user_investment_accounts"][0],
    )  # fmt: skip

    alembic_run(database.url, "downgrade", "004")
    left = {id_ for (id_,) in database.rows("SELECT id FROM user_investment_accounts")}
    assert left == {renamed, booked, changed, own}
    assert untouched not in left


def test_an_upgrade_again_rebuilds_identical_rows(at, alembic_run):
    database = at("004")
    for account in ("a", "b", "c"):
        onboarding(database, database.user(), account)
    user = database.user()
    onboarding(database, user, "closed", "ACCOUNT_CLOSED")
    onboarding(database, user, "open", "ACTIVE")
    alembic_run(database.url, "upgrade", "005")
    catalog, rows = database.snapshot(), database.contents()
    alembic_run(database.url, "downgrade", "004")
    assert database.value(COUNT) == 0
    alembic_run(database.url, "upgrade", "005")
    assert database.contents() == rows
    assert diff(catalog, database.snapshot()) == []


def test_a_primary_that_would_come_back_otherwise_stays(head, alembic_run):
    """The trigger made the first one primary; a backfill would take the active one."""
    user = head.user()
    onboarding(head, user, "closed", "ACCOUNT_CLOSED")
    onboarding(head, user, "open", "ACTIVE")
    rows = head.contents()["user_investment_accounts"]
    alembic_run(head.url, "downgrade", "004")
    alembic_run(head.url, "upgrade", "head")
    assert head.contents()["user_investment_accounts"] == rows


def test_what_the_old_application_wrote_meanwhile_is_carried_over(at, alembic_run):
    database = at("005")
    kept = onboarding(database, database.user(), "a-1", "SUBMITTED")
    database.run("UPDATE user_investment_accounts SET account_name = 'Mine'")
    alembic_run(database.url, "downgrade", "baseline")
    database.run(SET_STATUS, "ACTIVE", kept)
    new = onboarding(database, database.user(), "a-2")
    alembic_run(database.url, "upgrade", "005")
    assert database.rows(ACCOUNT, kept) == [("a-1", "success", True)]
    assert database.rows(ACCOUNT, new) == [("a-2", "success", True)]
    name = "SELECT account_name FROM user_investment_accounts WHERE id = %s"
    assert database.value(name, kept) == "Mine"


def test_after_a_downgrade_the_trigger_is_gone(at, alembic_run):
    database = at("005")
    alembic_run(database.url, "downgrade", "004")
    onboarding(database, database.user(), "a-1")
    assert database.value(COUNT) == 0
    triggers = (
        "SELECT count(*) FROM pg_trigger WHERE tgname = 'sync_investment_account'"
    )
    assert database.value(triggers) == 0
