"""Restoring: all of it or nothing, and never more rights than were saved."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
import sqlalchemy as sa

from rollout import catalog
from rollout.backup import clients, create, open_archive, restore
from rollout.backup.keys import MissingKeys
from rollout.backup.load_failures import LoadFailed
from rollout.backup.restoring import NotEmpty
from rollout.errors import RolloutError
from tests.commands import ROOT
from tests.rollout.backup.shop import AUTH, programs, resaved, server_major, target
from tests.supabase import as_role

QUIET = {"notice": lambda _: None}
THINGS = """
    SELECT count(*)::int FROM pg_class
    WHERE relnamespace IN (to_regnamespace('public'), to_regnamespace('parked'))
"""
ORDERS = "SELECT string_agg(o::text, '|' ORDER BY id) FROM public.orders o"


def grants(url):
    with target(url).connect() as connection:
        return catalog.snapshot(connection, ("public", "migrations", "parked"))["grant"]


def name(url):
    return sa.make_url(url).database


@pytest.fixture
def backup(shop, tmp_path):
    return create(target(shop), tmp_path / "a.dump", check=False, **QUIET).path


@pytest.fixture
def empty(make_database):
    return make_database()


@pytest.fixture
def keeper(shop, sql):
    """A role that auth may belong to, as it does to another one on Supabase."""
    sql(shop, "CREATE ROLE keeper")
    yield "keeper"
    sql(shop, "REASSIGN OWNED BY keeper TO CURRENT_USER; DROP ROLE keeper")


def test_an_empty_database_gets_everything(shop, backup, empty, sql):
    result = restore(target(empty), backup, **QUIET)
    assert result.rows == 8
    for query in (ORDERS, "SELECT public.total()", "SELECT count(*) FROM auth.users"):
        assert sql(empty, query) == sql(shop, query)
    assert sql(empty, "SELECT reltuples FROM pg_class WHERE relname = 'orders'") == 3
    sql(empty, "INSERT INTO public.orders (paid) VALUES (1)")  # the sequence goes on


def test_a_database_that_is_not_empty_is_refused_and_stays(backup, empty, sql):
    sql(empty, "CREATE TABLE public.mine (id int)")
    with pytest.raises(NotEmpty, match=f"--replace {name(empty)}") as refused:
        restore(target(empty), backup, **QUIET)
    assert refused.value.found == ["table public.mine"]
    assert sql(empty, THINGS) == 1


def test_replacing_needs_the_right_name(shop, backup, sql):
    with pytest.raises(RolloutError, match="--replace names other"):
        restore(target(shop), backup, replacing="other", **QUIET)
    assert sql(shop, "SELECT count(*) FROM public.orders") == 3


def test_replacing_takes_everything_back_and_saves_what_was_there(
    shop, backup, sql, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    before = sql(shop, ORDERS)
    sql(shop, "DELETE FROM public.orders; DELETE FROM auth.users")
    sql(shop, "CREATE TABLE public.later (id int PRIMARY KEY); DROP VIEW open_orders")
    result = restore(target(shop), backup, replacing=name(shop), **QUIET)
    assert sql(shop, ORDERS) == before
    assert sql(shop, "SELECT to_regclass('public.later') IS NULL")
    saved = {t.name: t.rows for t in open_archive(result.replaced).manifest.tables}
    assert (saved["orders"], saved["later"]) == (0, 0)


def test_what_uses_the_old_tables_from_elsewhere_is_named(shop, backup, sql):
    sql(shop, "CREATE SCHEMA report; CREATE VIEW report.v AS TABLE public.orders")
    with pytest.raises(RolloutError, match="view report.v"):
        restore(target(shop), backup, replacing=name(shop), **QUIET)


def test_a_database_with_users_of_its_own_keeps_them(backup, empty, sql):
    ids = [
        row[0] for row in open_archive(backup).manifest.outside_tables[0].keys[0].values
    ]
    sql(empty, AUTH)
    with pytest.raises(MissingKeys, match="lacks 3 rows of auth.users"):
        restore(target(empty), backup, **QUIET)
    for id_ in ids:
        sql(empty, f"INSERT INTO auth.users VALUES ('{id_}', 'here already')")
    result = restore(target(empty), backup, **QUIET)
    assert result.kept_schemas == ["auth"]
    assert sql(empty, "SELECT count(*) FROM auth.users") == 6
    assert sql(empty, "SELECT count(*) FROM public.orders") == 3


def test_without_the_users_a_stand_in_is_made(shop, tmp_path, empty, sql, keeper):
    sql(shop, f"ALTER SCHEMA auth OWNER TO {keeper}")
    path = create(target(shop), tmp_path / "b.dump", check=False, **QUIET).path
    result = restore(target(empty), path, **QUIET)
    assert result.stand_in == ["auth"]
    users = "SELECT string_agg(id::text, ' ' ORDER BY id) FROM auth.users"
    assert sql(empty, users) == sql(shop, users)
    assert sql(empty, "SELECT auth.uid() IS NULL")


def test_default_privileges_of_the_database_are_not_added_and_stay(
    shop, tmp_path, empty, sql
):
    theirs = "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON SEQUENCES"
    sql(shop, f"{theirs} TO authenticated")
    backup = create(target(shop), tmp_path / "b.dump", check=False, **QUIET).path
    sql(
        empty,
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
        " GRANT ALL ON TABLES TO authenticated;"
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
        " GRANT ALL ON FUNCTIONS TO authenticated",
    )
    defaults = "SELECT string_agg(a, ' ' ORDER BY a) FROM"
    defaults += " (SELECT defaclacl::text FROM pg_default_acl) AS t (a)"
    before = sql(empty, defaults)
    restore(target(empty), backup, **QUIET)
    grants = "SELECT relacl::text FROM pg_class WHERE oid = 'public.orders'::regclass"
    assert sql(empty, grants) == sql(shop, grants)
    assert sql(empty, defaults) == before


def test_roles_that_are_missing_are_named(shop, backup, empty):
    roles = open_archive(backup).manifest.roles
    changed = resaved(backup, roles=[*roles, type(roles[0])("night", "NOLOGIN")])
    with pytest.raises(RolloutError, match='CREATE ROLE "night" NOLOGIN;'):
        restore(target(empty), changed, **QUIET)


def test_a_backup_that_holds_something_else_leaves_the_database_empty(
    backup, empty, sql
):
    tables = open_archive(backup).manifest.tables
    wrong = [type(t)(**(vars(t) | {"hash": "1"})) for t in tables]
    with pytest.raises(LoadFailed, match="what was restored differs"):
        restore(target(empty), resaved(backup, tables=wrong), **QUIET)
    assert sql(empty, THINGS) == 0


def test_a_dump_that_ends_too_early_leaves_the_database_empty(
    backup, empty, sql, tmp_path, monkeypatch
):
    half = (
        'case "$*" in *--list*) exec "$REAL" "$@";; esac\n'
        '"$REAL" "$@" | sed "/^ALTER TABLE ONLY/,\\$d"; exit 1'
    )
    bin_ = programs(tmp_path / "bin", server_major(empty, sql), pg_restore=half)
    monkeypatch.setenv(clients.DIRECTORY, str(bin_))
    with pytest.raises(LoadFailed, match="was rolled back"):
        restore(target(empty), backup, **QUIET)
    assert sql(empty, THINGS) == 0


def test_one_that_is_killed_leaves_the_database_as_it_was(backup, shop, sql, tmp_path):
    half = (
        'case "$*" in *--list*) exec "$REAL" "$@";; esac\n'
        '"$REAL" "$@" | sed "/PRIMARY KEY/,\\$d"; exec sleep 60'
    )
    bin_ = programs(tmp_path / "bin", server_major(shop, sql), pg_restore=half)
    command = [
        sys.executable, "-m", "rollout", "restore-backup", str(backup), "--into",
        "$INTO", "--replace", name(shop), "--no-backup",
    ]  # fmt: skip
    environment = os.environ | {"INTO": shop, clients.DIRECTORY: str(bin_)}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    )
    working = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = 'rollout backup' AND state = 'idle in transaction'"
        " AND backend_xid IS NOT NULL"
    )
    until = time.monotonic() + 30
    while sql(shop, working) == 0 and time.monotonic() < until:
        time.sleep(0.02)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    psutil.wait_procs([c for c in children if c.name() == "psql"], timeout=10)
    for child in children:
        if child.is_running():
            child.kill()
    assert time.monotonic() < until
    assert sql(shop, "SELECT count(*) FROM public.orders") == 3
    assert sql(shop, "SELECT count(*) FROM auth.users") == 3


def test_a_connection_that_leads_to_another_database_is_refused(
    backup, shop, empty, sql, tmp_path, monkeypatch
):
    # As a pooler does that knows one database only.
    elsewhere = f"""exec "$REAL" "$@" --dbname='{empty.replace("+psycopg2", "")}'"""
    bin_ = programs(tmp_path / "bin", server_major(shop, sql), psql=elsewhere)
    monkeypatch.setenv(clients.DIRECTORY, str(bin_))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LoadFailed, match="this connection leads to"):
        restore(target(shop), backup, replacing=name(shop), **QUIET)
    assert sql(empty, THINGS) == 0


def test_psql_that_ends_well_without_having_committed_is_not_believed(
    backup, empty, sql, tmp_path, monkeypatch
):
    bin_ = programs(tmp_path / "bin", server_major(empty, sql), psql="cat >&2; exit 0")
    monkeypatch.setenv(clients.DIRECTORY, str(bin_))
    with pytest.raises(LoadFailed):
        restore(target(empty), backup, **QUIET)


def test_somebody_who_uses_the_tables_is_waited_for_and_not_queued_behind(
    backup, shop, sql, connect
):
    reader = connect(shop)
    reader.cursor().execute("SELECT * FROM public.orders")
    with pytest.raises(LoadFailed, match="Somebody uses the tables"):
        restore(
            target(shop, lock_wait_s=0.2), backup, replacing=name(shop),
            save_first=False, **QUIET,
        )  # fmt: skip
    assert sql(shop, "SELECT count(*) FROM public.orders") == 3


@pytest.mark.slow
def test_a_supabase_project_gets_its_rows_back_in_place(
    supabase, tmp_path, sql, alembic_run, connect, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    alembic_run(supabase, "upgrade", "head")
    auth = as_role(supabase, "supabase_auth_admin")
    sql(auth, "INSERT INTO auth.users (id) VALUES (gen_random_uuid())")
    flags = "SELECT count(*) FROM public.user_feature_flags"
    sql(
        supabase,
        "INSERT INTO public.user_feature_flags (user_id, flag_name)"
        " SELECT id, 'x' FROM auth.users",
    )
    before = grants(supabase)
    path = create(target(supabase), tmp_path / "a.dump", check=False, **QUIET).path
    sql(supabase, "DELETE FROM public.user_feature_flags")
    restore(target(supabase), path, replacing=name(supabase), **QUIET)
    assert (sql(supabase, flags), grants(supabase)) == (1, before)
    sql(auth, "DELETE FROM auth.users")
    with pytest.raises(MissingKeys, match="lacks 1 rows of auth.users"):
        restore(target(supabase), path, replacing=name(supabase), **QUIET)
