"""Who sees and writes what: each defect of the specification's SQL is shown, and gone.

``version`` is the specification's SQL as written and ours in turn, on a Supabase
project with the older default privileges; ``version.as_written`` says which.
"""

import uuid

import psycopg2
import pytest

from tests.versions.database import refusal
from tests.versions.rows import NEW_ROWS, fill_new_tables, owned

VIEWS = ("user_portfolio_legacy", "user_positions_aggregated")
TABLES = tuple(NEW_ROWS)
FUNCTIONS = ("update_updated_at_column", "validate_migration_integrity")

MAY = "SELECT has_table_privilege(%s, %s, %s)"
MAY_EXECUTE = "SELECT has_function_privilege(%s, %s, 'EXECUTE')"
SEARCH_PATH = """
    SELECT bool_and('search_path=""' = ANY (proconfig)) FROM pg_proc
    WHERE proname = %s AND pronamespace = 'public'::regnamespace
"""


FRESH = {
    "user_aggregated_holdings": {"symbol": "NEW"},
    "user_portfolio_snapshots": {"snapshot_date": "2025-01-01"},
    "user_investment_transactions": {"provider_transaction_id": "new"},
}
"""Per table with rows of providers: what makes a row another one."""


@pytest.fixture(scope="module")
def version(standing_version):
    return standing_version


@pytest.fixture(scope="module")
def alice(version):
    """A user with rows in every new table."""
    user = version.user()
    fill_new_tables(version, user)
    return user


@pytest.fixture(scope="module")
def bob(version):
    """Another user, without rows."""
    return version.user()


def count(database, table):
    return database.value(f"SELECT count(*) FROM public.{table}")


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_shows_other_users_rows(version, alice, bob, view):
    with version.as_user(alice):
        assert count(version, view) > 0
    with version.as_user(bob):
        leaks = count(version, view) > 0
    assert leaks is version.as_written


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_open_to_anon(version, alice, view):
    def read():
        with version.acting("anon"):
            assert count(version, view) > 0

    assert (refusal(read) is None) is version.as_written


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_rows_can_be_deleted_through_a_view(version, alice, view, role):
    def delete():
        with version.acting(role):
            assert version.run(f"DELETE FROM public.{view}") > 0

    assert (refusal(delete) is None) is version.as_written


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_can_be_read_by_its_user_and_the_server(version, alice, view):
    with version.as_user(alice):
        assert count(version, view) > 0
    with version.acting("service_role"):
        assert count(version, view) > 0


@pytest.mark.parametrize("table", TABLES)
def test_a_policy_calls_a_function_for_every_row(version, bob, table):
    with version.as_user(bob):
        plan = "\n".join(
            line for (line,) in version.rows(f"EXPLAIN SELECT * FROM public.{table}")
        )
    assert ("InitPlan" not in plan) is version.as_written


@pytest.mark.parametrize("table", TABLES)
def test_policies_concern_anon_too(version, table):
    to_public = "SELECT bool_or(0 = ANY (polroles)) FROM pg_policy WHERE polrelid = "
    everybody = version.value(f"{to_public} 'public.{table}'::regclass")
    assert everybody is version.as_written


@pytest.mark.parametrize("table", TABLES)
def test_a_command_is_ruled_by_several_policies(version, table):
    """Each of them would run for every row. FOR ALL counts for each command."""
    several = version.rows(
        """
        SELECT cmd FROM unnest('{r,a,w,d}'::"char"[]) AS cmd
        JOIN pg_policy AS p ON p.polcmd IN (cmd, '*') AND p.polrelid = %s::regclass
        GROUP BY cmd HAVING count(*) > 1
        """,
        f"public.{table}",
    )
    only_there = version.as_written and table == "user_feature_flags"
    assert bool(several) is only_there


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("user_portfolio_snapshots", "total_value = 1000000"),
        ("user_investment_transactions", "amount = 1000000"),
    ],
)
def test_a_user_rewrites_what_the_provider_reported(version, alice, table, change):
    with version.as_user(alice):
        changed = version.run(f"UPDATE public.{table} SET {change}")
    assert changed == (2 if version.as_written else 1)


@pytest.mark.parametrize("table", FRESH)
def test_a_user_removes_what_the_provider_reported(version, alice, table):
    with version.as_user(alice):
        removed = version.run(f"DELETE FROM public.{table}")
    assert removed == (2 if version.as_written else 1)


@pytest.mark.parametrize("table", FRESH)
def test_a_user_makes_up_what_a_provider_reported(version, alice, table):
    reported = owned(version, table, NEW_ROWS[table][0], alice) | FRESH[table]

    def make_up():
        with version.as_user(alice):
            version.insert(f"public.{table}", **reported)

    assert (refusal(make_up) is None) is version.as_written


@pytest.mark.parametrize("table", FRESH)
def test_a_user_enters_rows_by_hand(version, alice, table):
    by_hand = owned(version, table, NEW_ROWS[table][1], alice) | FRESH[table]
    with version.as_user(alice):
        version.insert(f"public.{table}", **by_hand)


@pytest.mark.parametrize("table", FRESH)
def test_a_row_by_hand_cannot_become_the_providers(version, alice, table):
    mark = {
        "user_aggregated_holdings": "data_source = 'plaid'",
        "user_portfolio_snapshots": "snapshot_type = 'daily'",
        "user_investment_transactions": "provider = 'plaid'",
    }[table]

    def disguise():
        with version.as_user(alice):
            version.run(f"UPDATE public.{table} SET {mark}")

    # There, the update of a holding fails for another reason: its trigger.
    refused = (
        {None, "UndefinedColumn"} if version.as_written else {"InsufficientPrivilege"}
    )
    assert refusal(disguise) in refused


@pytest.mark.parametrize("table", TABLES[:4])
def test_a_user_gives_a_row_to_another_user(version, alice, bob, table):
    def give():
        with version.as_user(alice):
            version.run(f"UPDATE public.{table} SET user_id = %s", bob)

    assert refusal(give) is not None


def test_an_admin_can_set_flags(version, alice, bob):
    def set_flag():
        with version.as_user(bob, app_metadata={"role": "admin"}):
            version.insert("public.user_feature_flags", user_id=alice, flag_name="new")

    unreachable = refusal(set_flag) is not None
    assert unreachable is version.as_written


def test_who_says_to_be_an_admin_in_user_metadata_is_none(version, alice, bob):
    with version.as_user(bob, user_metadata={"role": "admin"}):
        assert count(version, "user_feature_flags") == 0
        assert version.run("UPDATE public.user_feature_flags SET enabled = true") == 0


def test_a_user_books_on_another_users_account(version, alice, bob):
    stolen = owned(version, "user_investment_transactions",
                   NEW_ROWS["user_investment_transactions"][1], alice)  # fmt: skip
    stolen |= {"user_id": bob, "provider_transaction_id": "stolen"}

    def book():
        with version.as_user(bob):
            version.insert("public.user_investment_transactions", **stolen)

    assert (refusal(book) is None) is version.as_written


def test_a_user_learns_which_accounts_exist(version, alice, bob):
    theirs = owned(version, "user_investment_transactions",
                   NEW_ROWS["user_investment_transactions"][1], alice)  # fmt: skip
    guesses = theirs["account_id"], uuid.uuid4()

    def answer(account):
        row = theirs | {"user_id": bob, "account_id": account}
        row["provider_transaction_id"] = "guess"
        try:
            with version.as_user(bob):
                version.insert("public.user_investment_transactions", **row)
        except psycopg2.Error as error:
            return str(error).replace(str(account), "the guess")
        return "booked"

    learns = answer(guesses[0]) != answer(guesses[1])
    assert learns is version.as_written


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
@pytest.mark.parametrize("table", [*TABLES, "migration_log"])
def test_a_table_can_be_truncated(version, role, table):
    allowed = version.value(MAY, role, f"public.{table}", "TRUNCATE")
    assert allowed is version.as_written


@pytest.mark.parametrize("table", [*TABLES, *VIEWS, "migration_log"])
def test_anon_has_rights_on_a_table_or_view(version, table):
    rights = version.value(MAY, "anon", f"public.{table}", "SELECT, INSERT, UPDATE")
    assert rights is version.as_written


def test_the_migration_log_can_be_read_and_written_through_the_api(version):
    with version.acting("authenticated"):
        error = refusal(
            lambda: version.run(
                "INSERT INTO public.migration_log (migration_file, operation) "
                "VALUES ('x', 'x')"
            )
        )
    assert (error is None) is version.as_written


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_functions_search_path_is_open(version, function):
    assert (version.value(SEARCH_PATH, function) is not True) is version.as_written


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_everybody_may_execute_a_function(version, function, role):
    allowed = version.value(MAY_EXECUTE, role, f"public.{function}()")
    assert allowed is version.as_written


def test_an_open_search_path_can_be_used_to_run_other_code(version, alice):
    """A function now() of the caller's own, found before PostgreSQL's."""
    with version.rolled_back():
        version.run(
            """
            CREATE SCHEMA mine;
            GRANT USAGE ON SCHEMA mine TO service_role;
            CREATE FUNCTION mine.now() RETURNS timestamptz LANGUAGE sql
                AS $$ SELECT '1999-01-01'::timestamptz $$;
            """
        )
        version.act_as("service_role")
        version.run("SET LOCAL search_path = mine, pg_catalog")
        version.run("UPDATE public.user_investment_accounts SET account_name = 'x'")
        fooled = version.value(
            "SELECT bool_and(updated_at < '2000-01-01') "
            "FROM public.user_investment_accounts"
        )
    assert fooled is version.as_written
