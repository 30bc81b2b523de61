"""Where the history begins: it alters nothing that it finds, and guesses at nothing."""

import pytest

from rollout.catalog import diff
from tests.versions.conftest import AUTH_ADMIN

EVERYTHING = ("public", "auth")

HALVES = {
    "auth without users": (
        "CREATE SCHEMA auth; CREATE TABLE auth.sessions (id uuid)",
        ["half a Supabase", "auth.users", "auth.uid()"],
    ),
    "auth without its functions": (
        "CREATE SCHEMA auth; CREATE TABLE auth.users (id uuid PRIMARY KEY); "
        "CREATE TABLE auth.sessions (id uuid)",
        ["half a Supabase", "auth.jwt()", "auth.role()", "auth.uid()"],
    ),
    "tables without auth": (
        "CREATE TABLE user_onboarding (id uuid); "
        "CREATE TABLE user_transfers (id uuid); "
        "CREATE TABLE user_personalization (id uuid); "
        "CREATE TABLE user_bank_connections (id uuid)",
        ["half a Supabase", "auth.users"],
    ),
}
GONE = {
    "one table": (
        "DROP TABLE public.user_transfers",
        ["existing tables are missing", "public.user_transfers"],
    ),
    "all but one table": (
        "DROP TABLE public.user_transfers, public.user_bank_connections, "
        "public.user_onboarding",
        ["public.user_bank_connections", "public.user_onboarding"],
    ),
    "two columns": (
        "ALTER TABLE public.user_onboarding DROP COLUMN alpaca_account_number, "
        "DROP COLUMN created_at",
        ["user_onboarding.alpaca_account_number", "user_onboarding.created_at"],
    ),
}


def assert_refused(database, done, phrases, before):
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    for phrase in phrases:
        assert phrase in done.stderr
    assert diff(before, database.snapshot(EVERYTHING)) == []
    assert database.value("SELECT to_regclass('migrations.alembic_version') IS NULL")


@pytest.mark.parametrize("half", HALVES)
def test_half_a_supabase_is_refused(empty_database, open_database, alembic_cli, half):
    statements, phrases = HALVES[half]
    database = open_database(empty_database)
    database.run(statements)
    before = database.snapshot(EVERYTHING)
    done = alembic_cli(database.url, "upgrade", "head")
    assert_refused(database, done, phrases, before)


@pytest.mark.parametrize("what", GONE)
def test_a_supabase_without_the_old_applications_tables_as_they_were_is_refused(
    supabase_older, open_database, alembic_cli, what
):
    statements, phrases = GONE[what]
    database = open_database(supabase_older, AUTH_ADMIN)
    database.run(statements)
    before = database.snapshot(EVERYTHING)
    done = alembic_cli(database.url, "upgrade", "head")
    assert_refused(database, done, phrases, before)


def test_a_missing_role_is_refused(
    supabase_older, open_database, alembic_cli, supabase_server
):
    database = open_database(supabase_older, AUTH_ADMIN)
    before = database.snapshot(EVERYTHING)
    roles = supabase_server  # they are the server's, not the database's
    roles.run("ALTER ROLE anon RENAME TO nobody_else")
    try:
        done = alembic_cli(database.url, "upgrade", "head")
    finally:
        roles.run("ALTER ROLE nobody_else RENAME TO anon")
    assert_refused(database, done, ["half a Supabase", "role anon"], before)


def test_a_whole_supabase_without_the_old_tables_gets_them(
    supabase_older, open_database, alembic_run
):
    database = open_database(supabase_older, AUTH_ADMIN)
    database.run(
        "DROP TABLE public.user_transfers, public.user_bank_connections, "
        "public.user_onboarding, public.user_personalization"
    )
    alembic_run(database.url, "upgrade", "head")
    assert database.rows("SELECT * FROM public.user_transfers") == []


def test_an_empty_database_gets_a_stand_in(empty_database, open_database, alembic_run):
    database = open_database(empty_database)
    alembic_run(database.url, "upgrade", "baseline")
    user = database.user()
    with database.as_user(user):
        assert database.value("SELECT auth.uid()") == user
        assert database.value("SELECT auth.role()") == "authenticated"
        assert database.value("SELECT auth.jwt() ->> 'sub'") == str(user)
    with database.acting("anon"):
        assert database.value("SELECT auth.uid()") is None


def test_a_second_database_of_a_server_finds_the_roles_there(
    make_database, open_database, alembic_run
):
    for _ in range(2):
        database = open_database(make_database())
        alembic_run(database.url, "upgrade", "baseline")
        assert database.value("SELECT to_regclass('auth.users') IS NOT NULL")
