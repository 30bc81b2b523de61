import io
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extras import LoggingConnection

from rollout.commands import maintain_steps
from rollout.errors import RolloutError
from rollout.live import index_bloat, maintenance
from tests.commands import alembic_run
from tests.supabase import as_role


@pytest.fixture(autouse=True)
def backups(tmp_path, monkeypatch):
    """Where backups are looked for: nowhere else, and nothing there at first."""
    monkeypatch.setattr(maintain_steps, "BACKUPS", tmp_path)
    return tmp_path


def test_weekly_analyzes_our_tables_and_runs_the_checks(
    rollout, head_database, database
):
    done = rollout(head_database, "maintain", "weekly")
    assert done.status == 0
    assert "analyze               PASS    13 tables, " in done.out
    assert "catalog-drift" in done.out
    analyzed = (
        "SELECT last_analyze IS NOT NULL FROM pg_stat_user_tables WHERE relname = %s"
    )
    db = database(head_database)
    assert db.value(analyzed, "user_investment_accounts") is True
    assert db.value(analyzed, "user_transfers") is False


def test_without_a_backup_that_is_said(rollout, head_database):
    done = rollout(head_database, "maintain", "weekly")
    assert "backup                WARN    there is no backup of" in done.out
    assert "to mend: rollout backup" in done.out


def test_the_newest_backup_is_verified(rollout, head_database, backups, monkeypatch):
    from rollout import backup

    name = head_database.rpartition("/")[2].partition("?")[0]
    for number in (1, 2):
        (backups / f"{name}_{number}.dump").write_text("")
    seen: list[Path] = []

    def verify(target, path):
        seen.append(path)
        raise RolloutError(f"{path} is damaged.\nNothing was changed.")

    monkeypatch.setattr(backup, "verify", verify)
    done = rollout(head_database, "maintain", "weekly")
    assert [path.name for path in seen] == [f"{name}_2.dump"]
    assert done.status == 1
    assert "is damaged." in done.out


def test_monthly_vacuums_and_reports(rollout, head_database, database):
    done = rollout(head_database, "maintain", "monthly")
    assert done.status == 0
    assert "vacuum       PASS    13 tables, " in done.out
    assert "extensions   PASS    all at the server's version" in done.out
    assert "performance  PASS    12 revisions, " in done.out
    assert "1.4.1 populate investment accounts: " in done.out
    db = database(head_database)
    vacuumed = (
        "SELECT last_vacuum IS NOT NULL FROM pg_stat_user_tables WHERE relname = %s"
    )
    assert db.value(vacuumed, "user_investment_accounts") is True


def test_failures_are_in_the_report(rollout, head_database, database):
    database(head_database).run(
        "INSERT INTO public.migration_log (migration_file, operation, success)"
        " VALUES ('011_x.py', 'CREATE', false)"
    )
    done = rollout(head_database, "maintain", "monthly")
    assert "1 failed runs" in done.out
    assert "011_x.py: failed 1 of 1 times" in done.out


OLD = "CREATE EXTENSION pg_trgm WITH SCHEMA public VERSION '1.3'"
VERSION = "SELECT extversion FROM pg_extension WHERE extname = 'pg_trgm'"


@pytest.fixture
def old_extension(head_database, database):
    db = database(head_database)
    if not db.value(
        "SELECT count(*) FROM pg_available_extension_versions"
        " WHERE name = 'pg_trgm' AND version = '1.3'"
    ):
        pytest.skip("the server has no pg_trgm 1.3")
    db.run(OLD)
    return db


def test_extensions_are_listed_and_left_where_nobody_answers(
    rollout, head_database, old_extension
):
    done = rollout(head_database, "maintain", "monthly")
    assert done.status == 0
    assert "pg_trgm 1.3 → 1." in done.out
    assert "to mend: rollout maintain monthly --yes" in done.out
    assert old_extension.value(VERSION) == "1.3"


def test_extensions_are_updated_with_yes(rollout, head_database, old_extension):
    done = rollout(head_database, "maintain", "monthly", "--yes")
    assert "extensions   PASS    1 extensions, " in done.out
    assert old_extension.value(VERSION) != "1.3"


def test_an_update_is_the_first_statement_of_its_session(
    rollout, head_database, old_extension, monkeypatch
):
    """As timescaledb wants it: any other one loads its old library."""
    sessions = []
    connect = psycopg2.connect

    def recorded(*arguments, **options):
        sessions.append(io.StringIO())
        connection = connect(
            *arguments, **options, connection_factory=LoggingConnection
        )
        connection.initialize(sessions[-1])
        return connection

    monkeypatch.setattr(maintenance.psycopg2, "connect", recorded)
    rollout(head_database, "maintain", "monthly", "--yes")
    (session,) = (s.getvalue() for s in sessions if "ALTER EXT" in s.getvalue())
    assert session.strip() == 'ALTER EXTENSION "pg_trgm" UPDATE'
    assert old_extension.value(VERSION) != "1.3"


def test_a_table_in_use_is_left_out_and_named(rollout, head_database, connect):
    holder = connect(head_database)
    holder.cursor().execute("LOCK TABLE public.user_feature_flags")
    done = rollout(head_database, "maintain", "monthly")
    assert "12 tables, " in done.out
    assert "public.user_feature_flags: skipping " in done.out


@pytest.fixture
def reader(head_database, database):
    db = database(head_database)
    db.run("DROP ROLE IF EXISTS reader")
    db.run("CREATE ROLE reader LOGIN IN ROLE pg_read_all_data")
    yield as_role(head_database, "reader")
    db.run("DROP ROLE reader")


def test_tables_of_others_are_left_out_and_named(rollout, reader):
    done = rollout(reader, "maintain", "monthly")
    assert "vacuum       WARN    0 tables, " in done.out
    assert "public.user_investment_accounts: " in done.out


def test_index_bloat_is_found_and_mended_by_a_rebuild(
    rollout, head_database, database, monkeypatch
):
    monkeypatch.setattr(index_bloat, "LEAST_WASTED_BYTES", 100_000)
    db = database(head_database)
    db.run("ALTER TABLE public.migration_log SET (autovacuum_enabled = false)")
    db.run(
        "INSERT INTO public.migration_log (migration_file, operation)"
        " SELECT 'a', 'b' FROM generate_series(1, 20000)"
    )
    assert "air" not in rollout(head_database, "maintain", "weekly").out
    db.run("DELETE FROM public.migration_log WHERE random() < 0.95")
    db.run("VACUUM public.migration_log")
    out = rollout(head_database, "maintain", "weekly").out
    assert "public.migration_log_pkey: " in out
    remedy = "REINDEX INDEX CONCURRENTLY public.migration_log_pkey;"
    assert remedy in out
    db.run(remedy)
    out = rollout(head_database, "maintain", "weekly").out
    assert "public.migration_log_pkey: " not in out


def test_a_database_that_is_not_ours_is_refused(rollout, empty_database):
    done = rollout(empty_database, "maintain", "weekly")
    assert done.status == 1
    assert "is not a database of ours" in done.err


def test_a_round_must_be_named(rollout):
    assert rollout(None, "maintain").status == 2
    assert rollout(None, "maintain", "yearly").status == 2


def test_names_are_written_out():
    table = maintenance.Table('public."T"', "public", "T")
    assert maintenance.Done(table.name, 3).told() == 'public."T": 3 ms'


@pytest.mark.parametrize("name", ["weekly", "monthly"])
def test_on_supabase_as_its_owner_who_is_no_superuser(rollout, supabase, name):
    alembic_run(supabase, "upgrade", "head")
    done = rollout(supabase, "maintain", name, "--yes")
    assert done.status == 0
    assert "13 tables, " in done.out
    assert "could not look" not in done.out
