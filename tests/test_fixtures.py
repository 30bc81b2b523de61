"""The Supabase fixtures are what the design says Supabase is."""

import psycopg2
import pytest

from tests.supabase import as_role

API_RIGHTS = """
    SELECT string_agg(privilege_type, ' ' ORDER BY privilege_type)
    FROM pg_class, aclexplode(relacl) AS acl
    WHERE relname = 'probe' AND acl.grantee = 'anon'::regrole
        AND privilege_type <> 'MAINTAIN'
"""


@pytest.fixture
def query(connect):
    def execute(url, sql):
        cursor = connect(url, autocommit=True).cursor()
        cursor.execute(sql)
        return cursor.fetchone()[0] if cursor.description else None

    return execute


def test_postgres_is_no_superuser_there(supabase, query):
    assert query(supabase, "SELECT current_user") == "postgres"
    assert query(supabase, "SELECT current_setting('is_superuser')") == "off"
    assert query(supabase, "SHOW search_path") == '"$user", public, extensions'
    assert query(supabase, "SHOW statement_timeout") == "2min"


def test_postgres_may_act_as_every_api_role(supabase, query):
    for role in ("anon", "authenticated", "service_role"):
        query(supabase, f"SET ROLE {role}")


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE auth.users ADD COLUMN x int",
        "CREATE INDEX ON auth.users (email)",
        "CREATE TABLE auth.mine (id int)",
        "ALTER SYSTEM SET work_mem = '5MB'",
    ],
)
def test_postgres_may_not_change_auth_or_the_system(supabase, query, statement):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(supabase, statement)


def test_postgres_may_refer_to_auth_users(supabase, query):
    query(supabase, "CREATE TABLE mine (u uuid REFERENCES auth.users (id))")


def test_only_the_newer_kind_refuses_to_lock_auth_users(
    supabase_older, supabase_newer, query
):
    lock = "BEGIN; LOCK TABLE auth.users IN SHARE ROW EXCLUSIVE MODE; COMMIT"
    query(supabase_older, lock)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(supabase_newer, lock)


def test_default_privileges_differ(supabase_older, supabase_newer, query):
    for url in (supabase_older, supabase_newer):
        query(url, "CREATE TABLE probe (id int)")
    all_rights = "DELETE INSERT REFERENCES SELECT TRIGGER TRUNCATE UPDATE"
    assert query(supabase_older, API_RIGHTS) == all_rights
    assert query(supabase_newer, API_RIGHTS) == "REFERENCES TRIGGER TRUNCATE"


def test_auth_admin_adds_users(supabase, query):
    admin = as_role(supabase, "supabase_auth_admin")
    query(admin, "INSERT INTO auth.users (id) VALUES (gen_random_uuid())")
    assert query(supabase, "SELECT count(*) FROM auth.users") == 1
