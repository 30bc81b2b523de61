"""What is written down: schema_versions, migration_log, checksums, failures."""

import hashlib
import shutil
from argparse import Namespace
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from rollout.bookkeeping.revision_file import RevisionChanged
from rollout.errors import RolloutError
from tests.commands import ROOT, alembic_run
from tests.rollout.processes import query
from tests.versions.psql import psql

VERSIONS = ROOT / "alembic" / "versions"
ROWS = """
    SELECT version, status, description, execution_time_ms IS NOT NULL AS timed
    FROM migrations.schema_versions ORDER BY string_to_array(version, '.')::int[]
"""
STATUSES = "SELECT version, status FROM migrations.schema_versions ORDER BY id"
LOG = """
    SELECT migration_file, operation, success, error_message
    FROM public.migration_log ORDER BY executed_at, id
"""
OUR_FUNCTION = """
    CREATE FUNCTION public.validate_migration_integrity() RETURNS int
        LANGUAGE sql AS 'SELECT 1'
"""
"""In the way of revision 007, whose own one returns a table."""


def checksum(number):
    """By the rule in words: names and bytes of the file and its SQL, in order."""
    (file,) = VERSIONS.glob(f"{number}_*.py")
    digest = hashlib.sha256()
    for path in (file, *sorted((VERSIONS / "sql").glob(f"{number}_*"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def test_every_revision_has_a_row_with_duration_and_checksum(head_database):
    rows = query(head_database, ROWS)
    assert len(rows) == len(list(VERSIONS.glob("*.py")))
    assert {(status, timed) for _, status, _, timed in rows} == {("applied", True)}
    kept = (
        "SELECT checksum, migration_file FROM migrations.schema_versions WHERE version"
    )
    ((found, file),) = query(head_database, f"{kept} = '1.4.1'")
    assert found == checksum("005")
    assert (VERSIONS / file).exists()


def test_the_duration_is_about_what_it_took(database_at):
    url = database_at("006")
    sleepy = """
        CREATE FUNCTION public.sleepy() RETURNS event_trigger LANGUAGE plpgsql
        AS $$ BEGIN PERFORM pg_sleep(0.3); END $$;
        CREATE EVENT TRIGGER sleepy ON ddl_command_start WHEN tag IN ('CREATE FUNCTION')
            EXECUTE FUNCTION public.sleepy()
    """
    query(url, sleepy)
    alembic_run(url, "upgrade", "007")
    took = "SELECT execution_time_ms FROM {} WHERE {}"
    ((ms,),) = query(
        url, took.format("migrations.schema_versions", "version = '1.6.0'")
    )
    assert 300 <= ms < 30_000
    assert query(
        url, took.format("public.migration_log", "migration_file LIKE '007%'")
    ) == [(ms,)]


def test_a_downgrade_turns_the_row_and_is_logged(head_database):
    alembic_run(head_database, "downgrade", "-1")
    assert query(head_database, ROWS)[-1] == (
        "1.9.0", "rolled_back", "monitoring views", True
    )  # fmt: skip
    assert query(head_database, LOG)[-1][1:] == ("ROLLBACK", True, None)
    alembic_run(head_database, "upgrade", "head")
    assert query(head_database, ROWS)[-1][1] == "applied"


def test_the_log_has_a_row_for_every_operation_once_it_is_there(head_database):
    log = [row[:3] for row in query(head_database, LOG)]
    assert [file[:3] for file, _, _ in log] == [f"{n:03}" for n in range(11)]
    assert {operation for _, operation, _ in log} == {"CREATE", "INSERT", "ALTER"}


def test_a_downgrade_below_000_is_written_without_a_log(head_database):
    alembic_run(head_database, "downgrade", "base")
    assert {row[1] for row in query(head_database, ROWS)} == {"rolled_back"}
    assert query(head_database, "SELECT to_regclass('public.migration_log')") == [
        (None,)
    ]


def test_a_failure_is_written_down_and_the_next_run_turns_it(database_at):
    url = database_at("006")
    query(url, OUR_FUNCTION)
    with pytest.raises(RolloutError, match="cannot change return type"):
        alembic_run(url, "upgrade", "head")
    assert query(url, ROWS)[-1][:2] == ("1.6.0", "failed")
    file, operation, success, error = query(url, LOG)[-1]
    assert (file[:3], operation, success) == ("007", "CREATE", False)
    assert "cannot change return type" in error

    query(url, "DROP FUNCTION public.validate_migration_integrity()")
    alembic_run(url, "upgrade", "head")
    assert {row[1] for row in query(url, ROWS)} == {"applied"}
    assert [row[2] for row in query(url, LOG) if row[0].startswith("007")] == [
        False, True
    ]  # fmt: skip


def test_a_failed_downgrade_leaves_the_revision_applied_and_is_logged(head_database):
    query(head_database, "CREATE VIEW public.mine AS TABLE public.table_sizes")
    with pytest.raises(RolloutError, match="other objects depend on it"):
        alembic_run(head_database, "downgrade", "-1")
    assert query(head_database, ROWS)[-1][1] == "applied"
    assert query(head_database, LOG)[-1][1:3] == ("ROLLBACK", False)


def test_a_failure_before_there_is_a_log_is_in_schema_versions(empty_database):
    query(empty_database, "CREATE SCHEMA auth; CREATE TABLE auth.users (id uuid)")
    with pytest.raises(RolloutError, match="half a Supabase"):
        alembic_run(empty_database, "upgrade", "head")
    assert query(empty_database, STATUSES) == [("0.9.0", "failed")]


# alembic stamp


def test_a_stamp_forward_is_marked_and_has_no_duration(database_at):
    url = database_at("004")
    alembic_run(url, "stamp", "006")
    rows = query(url, ROWS)
    assert [row[1] for row in rows] == ["applied"] * 8
    assert [(description, timed) for *_, description, timed in rows[-2:]] == [
        ("populate investment accounts (stamped)", False),
        ("create compatibility views (stamped)", False),
    ]
    assert all(timed for *_, timed in rows[:-2])
    assert query(url, LOG)[-1][:3] == ("-", "STAMP", True)


@pytest.mark.parametrize(("target", "applied"), [("003", 5), ("base", 0)])
def test_a_stamp_backward_turns_what_no_longer_stands(head_database, target, applied):
    alembic_run(head_database, "stamp", target)
    rows = query(head_database, ROWS)
    assert [row[1] for row in rows] == ["applied"] * applied + ["rolled_back"] * (
        12 - applied
    )
    assert not any(timed for *_, timed in rows[applied:])


# A file that changed after it was applied


@pytest.fixture
def project(tmp_path):
    """A copy of the project's history that a test may change."""
    shutil.copytree(ROOT / "alembic", tmp_path / "alembic")
    shutil.copy(ROOT / "alembic.ini", tmp_path)
    return tmp_path


def run_in(project: Path, url, name, *arguments, x=()):
    config = Config(str(project / "alembic.ini"))
    config.attributes["database_url"] = url
    config.cmd_opts = Namespace(x=list(x)) if x else None
    getattr(command, name)(config, *arguments)


@pytest.mark.parametrize(
    "name", ["001_v1_1_0_create_investment_accounts.py", "sql/005_sync_account.sql"]
)
def test_a_changed_file_is_refused_with_both_hashes(database_at, project, name):
    url = database_at("009")
    with (project / "alembic" / "versions" / name).open("a") as file:
        file.write("\n")
    with pytest.raises(RevisionChanged) as refusal:
        run_in(project, url, "upgrade", "head")
    error = refusal.value
    number = Path(name).name[:3]
    assert (error.revision, error.recorded) == (number, checksum(number))
    assert error.recorded in str(error)
    assert error.present in str(error)
    assert error.present != error.recorded
    assert query(url, ROWS)[-1][0] == "1.8.0"


def test_a_changed_file_can_be_accepted_once(database_at, project, capsys):
    url = database_at("009")
    changed = project / "alembic/versions/001_v1_1_0_create_investment_accounts.py"
    with changed.open("a") as file:
        file.write("\n")
    run_in(project, url, "upgrade", "head", x=["accept_changed=000,001"])
    assert "accepted the changed file of revision 001" in capsys.readouterr().err
    run_in(project, url, "downgrade", "-1")
    with pytest.raises(RevisionChanged):
        alembic_run(url, "upgrade", "head")


def test_a_changed_file_that_is_not_applied_is_nobodys_business(database_at, project):
    with (project / "alembic/versions/010_v1_9_0_monitoring_views.py").open(
        "a"
    ) as file:
        file.write("\n")
    url = database_at("009")
    run_in(project, url, "upgrade", "head")


# --sql


def test_the_printed_script_carries_its_own_rows(empty_database):
    done = psql(empty_database, alembic_run(None, "upgrade", "head", sql=True))
    assert done.returncode == 0, done.stderr
    rows = query(empty_database, ROWS)
    assert [row[1] for row in rows] == ["applied"] * 12
    assert all(timed for *_, timed in rows)
    assert len(query(empty_database, LOG)) == 11
    alembic_run(empty_database, "upgrade", "head")  # nothing to do, nothing changed
