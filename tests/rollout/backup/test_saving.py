"""Saving and checking: what stands under a backup's name can be restored."""

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
import sqlalchemy as sa

from rollout.backup import clients, contents, create, open_archive, saving, verify
from rollout.backup.clients import NoClient
from rollout.errors import RolloutError
from tests.commands import ROOT
from tests.rollout.backup.shop import (
    names,
    password,
    programs,
    resaved,
    server_major,
    target,
)
from tests.supabase import as_role

QUIET = {"notice": lambda _: None}
SCRATCH = "SELECT count(*) FROM pg_database WHERE datname LIKE 'rollout_%'"


def save(url, directory, **options):
    return create(target(url), directory / "a.dump", **QUIET, **options)


@pytest.fixture
def before_pg_dump(monkeypatch):
    """Do something between the snapshot and the start of pg_dump."""

    def arrange(action, command=lambda command: command):
        original = saving._command

        def acting(*arguments):
            action()
            return command(original(*arguments))

        monkeypatch.setattr(saving, "_command", acting)

    return arrange


def test_it_is_saved_checked_and_verified(shop, tmp_path, sql):
    result = save(shop, tmp_path)
    assert (result.checked, result.schemas) == (True, ["parked", "public", "auth"])
    rows = {f"{t.schema}.{t.name}": t.rows for t in result.tables}
    assert rows == {
        "auth.users": 3, "parked.orders": 0, "public.odd %s name": 2,
        "public.orders": 3,
    }  # fmt: skip
    assert names(tmp_path) == ["a.dump"]
    assert verify(target(shop), result.path).rows == 8
    assert sql(shop, SCRATCH) == 0


def test_pg_restore_itself_reads_it(shop, tmp_path, sql):
    save(shop, tmp_path, check=False)
    client = clients.choose(server_major(shop, sql), ssl=False)
    script = subprocess.run(
        [client.program("pg_restore"), "-f", "-", str(tmp_path / "a.dump")],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "CREATE POLICY own" in script
    assert script.count("1.50") == 3


def test_rows_written_meanwhile_do_not_falsify_the_comparison(
    shop, tmp_path, sql, before_pg_dump
):
    before_pg_dump(lambda: sql(shop, "INSERT INTO public.orders (paid) VALUES (9)"))
    result = save(shop, tmp_path)
    assert result.rows == 8
    assert sql(shop, "SELECT count(*) FROM public.orders") == 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "INSERT INTO public.orders (paid) VALUES (9)",
            "3 rows were saved, 4 restored",
        ),
        ("UPDATE public.orders SET paid = 9 WHERE id = 2", "what is in them is not"),
    ],
)
def test_a_dump_that_is_not_what_was_counted_is_not_called_a_backup(
    shop, tmp_path, sql, before_pg_dump, change, said
):
    def without_snapshot(command):
        return [part for part in command if not part.startswith("--snapshot")]

    before_pg_dump(lambda: sql(shop, change), without_snapshot)
    with pytest.raises(RolloutError, match=f"public.orders: .*{said}"):
        save(shop, tmp_path)
    assert names(tmp_path) == ["a.dump.unchecked"]
    assert sql(shop, SCRATCH) == 0


def test_verify_names_the_table_that_differs(shop, tmp_path):
    saved = save(shop, tmp_path, check=False)
    tables = open_archive(saved.path).manifest.tables
    wrong = [type(t)(**(vars(t) | {"rows": t.rows + 1})) for t in tables[:1]]
    forged = resaved(saved.path, tables=[*wrong, *tables[1:]])
    with pytest.raises(RolloutError, match="auth.users: 4 rows were saved, 3 restored"):
        verify(target(shop), forged)


def test_a_table_that_is_locked_is_waited_for_and_then_named(
    shop, tmp_path, connect, sql
):
    holder = connect(shop)
    holder.cursor().execute("LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE")
    with pytest.raises(RolloutError, match="locked") as refused:
        create(target(shop, lock_wait_s=0.2), tmp_path / "a.dump", **QUIET)
    assert f"pid {holder.info.backend_pid}" in str(refused.value)
    threading.Timer(0.5, holder.rollback).start()
    assert save(shop, tmp_path, check=False).rows == 8


def test_a_connection_that_is_lost_leaves_no_file(shop, tmp_path, sql, before_pg_dump):
    end = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE application_name = 'rollout' AND datname = current_database()"
    )
    before_pg_dump(lambda: sql(shop, end))
    with pytest.raises(RolloutError, match="No backup was made"):
        save(shop, tmp_path)
    assert names(tmp_path) == []


def test_pg_dump_that_fails_is_quoted_without_the_password(
    shop, tmp_path, monkeypatch, sql
):
    script = 'echo "pg_dump: error: geheim: No space left on device" >&2; exit 1'
    bin_ = programs(tmp_path / "bin", server_major(shop, sql), pg_dump=script)
    monkeypatch.setenv(clients.DIRECTORY, str(bin_))
    with pytest.raises(RolloutError) as refused:
        save(password(shop, "geheim"), tmp_path)
    assert "The disk is full" in str(refused.value)
    assert "geheim" not in str(refused.value)
    assert names(tmp_path) == ["bin"]


def test_a_full_disk_leaves_no_file(shop, tmp_path, sql):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small file system can be mounted by root only")
    try:
        with pytest.raises(RolloutError, match="No space left"):
            save(shop, small)
        assert names(small) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_the_password_is_in_the_environment_and_no_argument(
    shop, tmp_path, monkeypatch, sql
):
    spy = 'echo "$PGPASSWORD" > "$0.env"; echo "$@" > "$0.args"; exec "$REAL" "$@"'
    bin_ = programs(
        tmp_path / "bin", server_major(shop, sql), pg_dump=spy, psql=spy
    )  # fmt: skip
    monkeypatch.setenv(clients.DIRECTORY, str(bin_))
    result = save(password(shop, "geheim"), tmp_path)
    for program in ("pg_dump", "psql"):
        assert (bin_ / f"{program}.env").read_text() == "geheim\n"
        assert "geheim" not in (bin_ / f"{program}.args").read_text()
    assert b"geheim" not in result.path.read_bytes()


def test_a_client_that_is_too_old_is_named_before_anything_starts(
    shop, tmp_path, monkeypatch
):
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name in clients.PROGRAMS:
        (bin_ / name).write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 14.2'\n")
        (bin_ / name).chmod(0o755)
    monkeypatch.setenv(clients.DIRECTORY, str(bin_))
    with pytest.raises(NoClient, match="or later is needed") as refused:
        save(shop, tmp_path)
    assert refused.value.found == [14]
    assert names(tmp_path) == ["bin"]


def test_the_oldest_client_that_is_new_enough_is_taken(monkeypatch, tmp_path):
    found = [clients.Client(tmp_path, major) for major in (18, 15, 17)]
    monkeypatch.setattr(clients, "candidates", lambda: iter(found))
    assert clients.choose(15, ssl=False).major == 15
    assert clients.choose(16, ssl=False).major == 17


def test_a_client_without_ssl_is_not_taken_for_an_ssl_connection(
    monkeypatch, tmp_path, sql, shop
):
    silent = "echo 'sslmode value \"require\" invalid, not compiled in'; exit 1"
    bin_ = programs(tmp_path / "bin", server_major(shop, sql))
    text = (bin_ / "pg_dump").read_text().replace("*/nowhere*)", "none)")
    (bin_ / "pg_dump").write_text(text.rsplit("\n", 2)[0] + f"\n{silent}\n")
    monkeypatch.setenv(clients.DIRECTORY, str(bin_))
    with pytest.raises(NoClient, match="without SSL"):
        clients.choose(15, ssl=True)
    assert clients.choose(15, ssl=False).directory == bin_


def test_a_role_that_may_not_make_databases_is_told_before_it_starts(
    shop, tmp_path, sql
):
    sql(
        shop,
        "DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN IN ROLE pg_read_all_data",
    )
    url = sa.make_url(shop).set(username="clerk").render_as_string(hide_password=False)
    with pytest.raises(RolloutError, match="ALTER ROLE clerk CREATEDB"):
        save(url, tmp_path)
    assert names(tmp_path) == []


def test_kill_9_leaves_nothing_under_the_final_name(shop, tmp_path, sql):
    slow = 'printf "PGDMP half"; exec sleep 60'
    bin_ = programs(tmp_path / "bin", server_major(shop, sql), pg_dump=slow)
    final, part = tmp_path / "a.dump", tmp_path / "a.dump.part"
    environment = os.environ | {"DATABASE_URL": shop, clients.DIRECTORY: str(bin_)}
    command = [sys.executable, "-m", "rollout", "backup", "--to", str(final)]
    backup = subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 30
    while not (part.exists() and part.stat().st_size) and time.monotonic() < until:
        time.sleep(0.02)
    children = psutil.Process(backup.pid).children(recursive=True)
    backup.send_signal(signal.SIGKILL)
    backup.wait()
    assert (final.exists(), part.read_bytes()) == (False, b"PGDMP half")

    with pytest.raises(RolloutError, match="being written"):
        save(shop, tmp_path)  # its pg_dump goes on
    for child in children:
        child.kill()
    psutil.wait_procs(children, timeout=10)
    assert save(shop, tmp_path, check=False).path == final


def test_a_row_is_hashed_the_same_whatever_the_session_is_set_to(shop, sql, tmp_path):
    sql(shop, "CREATE TABLE public.times (at timestamptz, f float8, b bytea)")
    sql(shop, "INSERT INTO public.times VALUES (now(), 0.1::float8 + 0.2, '\\x01ff')")
    name = sa.make_url(shop).database
    first = save(shop, tmp_path, check=False).tables
    for setting in (
        "timezone = 'Asia/Tokyo'", "datestyle = 'German'", "extra_float_digits = -10",
        "bytea_output = 'escape'",
    ):  # fmt: skip
        sql(shop, f"ALTER DATABASE {name} SET {setting}")
    (tmp_path / "a.dump").unlink()
    assert save(shop, tmp_path).tables == first


def test_tables_that_come_and_go_are_looked_for_again(shop, tmp_path, sql, monkeypatch):
    original, seen = contents.tables, []

    def appearing(connection, schemas):
        found = original(connection, schemas)
        if not seen:
            sql(shop, "CREATE TABLE public.later (id int PRIMARY KEY)")
        seen.append(len(found))
        return found

    monkeypatch.setattr(contents, "tables", appearing)
    result = save(shop, tmp_path, check=False)
    assert "later" in {table.name for table in result.tables}


@pytest.mark.slow
def test_a_supabase_project_is_saved_by_a_role_that_is_no_superuser(
    supabase, tmp_path, sql, alembic_run, connect
):
    alembic_run(supabase, "upgrade", "head")
    auth = connect(as_role(supabase, "supabase_auth_admin"), autocommit=True)
    auth.cursor().execute("INSERT INTO auth.users (id) VALUES (gen_random_uuid())")
    sql(
        supabase,
        "INSERT INTO public.user_feature_flags (user_id, flag_name)"
        " SELECT id, 'x' FROM auth.users",
    )
    result = save(supabase, tmp_path)
    assert "auth" not in result.schemas  # it is Supabase's
    manifest = open_archive(result.path).manifest
    (users,) = manifest.outside_tables
    assert len(users.keys[0].values) == 1
    assert "auth.uid()" in [f.signature for f in manifest.outside_functions]
