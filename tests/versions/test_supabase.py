"""The same schema, grants included, on both kinds of Supabase and plain PostgreSQL.

Run as Supabase's ``postgres``, who is no superuser.
"""

import pytest

from rollout.catalog import diff
from tests.versions.conftest import AUTH_ADMIN
from tests.versions.rows import fill_new_tables, legacy

pytestmark = pytest.mark.slow

LAYER = ("migrations", "parked")
GRANTED = """
    SELECT r.rolname, held.object, string_agg(g.privilege_type, ', ')
    FROM (
        SELECT c.oid::regclass::text AS object, c.relacl AS acl FROM pg_class AS c
        WHERE relnamespace = ANY (%(schemas)s::regnamespace[])
            AND relname <> ALL (%(existing)s)
        UNION ALL
        SELECT p.oid::regprocedure::text, coalesce(proacl, acldefault('f', proowner))
        FROM pg_proc AS p WHERE pronamespace = ANY (%(schemas)s::regnamespace[])
        UNION ALL
        SELECT c.oid::regclass || '.' || attname, attacl
        FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = attrelid
        WHERE relnamespace = ANY (%(schemas)s::regnamespace[])
    ) AS held, aclexplode(held.acl) AS g
    LEFT JOIN pg_roles AS r ON r.oid = g.grantee
    WHERE (r.rolname IS NULL OR r.rolname = ANY (%(roles)s))
        AND g.privilege_type LIKE %(privilege)s
    GROUP BY 1, 2
"""
EXISTING = [
    "user_bank_connections",
    "user_onboarding",
    "user_personalization",
    "user_transfers",
]


def grants(database, roles, privilege="%"):
    with database.another().cursor() as cursor:
        cursor.execute(
            GRANTED,
            {
                "schemas": ["public", *LAYER],
                "existing": EXISTING,
                "roles": roles,
                "privilege": privilege,
            },
        )
        return cursor.fetchall()


def added(before, after):
    """What ``after`` has and ``before`` has not, or not so."""
    return {
        kind: {k: v for k, v in objects.items() if before[kind].get(k) != v}
        for kind, objects in after.items()
    }


@pytest.fixture
def created(alembic_run):
    """All that an upgrade to head makes of a database."""

    def make(database):
        before = database.snapshot(["public"])
        alembic_run(database.url, "upgrade", "head")
        return added(before, database.snapshot(["public"])), database.snapshot(LAYER)

    return make


def test_the_catalog_is_the_same_everywhere(
    at, supabase_older, supabase_newer, open_database, created
):
    plain, layer = created(at("baseline"))
    assert len(plain["relation"]) > 10
    for url in (supabase_older, supabase_newer):
        here, layer_here = created(open_database(url, AUTH_ADMIN))
        assert diff(plain, here) == []
        assert diff(layer, layer_here) == []


def test_what_was_there_before_is_not_altered(on_supabase, alembic_run):
    defaults = (
        "SELECT defaclrole, defaclobjtype, defaclacl FROM pg_default_acl ORDER BY 1"
    )
    before = on_supabase.snapshot(["public", "auth", "extensions"])
    default_privileges = on_supabase.rows(defaults)
    alembic_run(on_supabase.url, "upgrade", "baseline")
    assert diff(before, on_supabase.snapshot(["public", "auth", "extensions"])) == []
    alembic_run(on_supabase.url, "upgrade", "head")
    after = on_supabase.snapshot(["public", "auth", "extensions"])
    changed = [
        line for line in diff(before, after) if not line.startswith("unexpected")
    ]
    assert changed == []
    assert on_supabase.rows(defaults) == default_privileges


def test_up_to_head_down_to_base_and_up_again(on_supabase, alembic_run):
    users = legacy(on_supabase)
    before = on_supabase.snapshot(["public", "auth"])
    rows_before = on_supabase.contents()
    alembic_run(on_supabase.url, "upgrade", "head")
    fill_new_tables(on_supabase, users[0])
    head, rows = on_supabase.snapshot(), on_supabase.contents()

    alembic_run(on_supabase.url, "downgrade", "base")
    assert diff(before, on_supabase.snapshot(["public", "auth"])) == []
    assert on_supabase.contents() == rows_before

    alembic_run(on_supabase.url, "upgrade", "head")
    assert diff(head, on_supabase.snapshot()) == []
    assert on_supabase.contents() == rows


def test_no_privilege_is_left_to_anon_or_everybody(on_supabase, alembic_run):
    alembic_run(on_supabase.url, "upgrade", "head")
    assert grants(on_supabase, ["anon"]) == []
    assert grants(on_supabase, ["authenticated"]) != []


def test_while_parked_nothing_is_left_to_any_role_of_the_api(on_supabase, alembic_run):
    alembic_run(on_supabase.url, "upgrade", "head")
    alembic_run(on_supabase.url, "downgrade", "base")
    for role in ("anon", "authenticated", "service_role"):
        assert not on_supabase.value(
            "SELECT has_schema_privilege(%s, 'parked', 'USAGE')", role
        )


@pytest.mark.parametrize("privilege", ["TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"])
def test_no_role_of_the_api_may_truncate_or_the_like(
    on_supabase, alembic_run, privilege
):
    alembic_run(on_supabase.url, "upgrade", "head")
    roles = ["anon", "authenticated", "service_role"]
    assert grants(on_supabase, roles, privilege) == []
    on_supabase.run("GRANT TRUNCATE ON public.user_feature_flags TO service_role")
    assert len(grants(on_supabase, roles, "TRUNCATE")) == 1


def test_a_function_of_the_projects_own_keeps_its_name_and_body(
    on_supabase, alembic_run
):
    """update_updated_at_column() is a common name: many projects have one."""
    own = """
        CREATE FUNCTION public.update_updated_at_column() RETURNS trigger
        LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at = NOW(); RETURN NEW; END; $$
    """
    on_supabase.run(own)
    before = on_supabase.snapshot(["public"])
    alembic_run(on_supabase.url, "upgrade", "head")
    alembic_run(on_supabase.url, "downgrade", "base")
    assert diff(before, on_supabase.snapshot(["public"])) == []
