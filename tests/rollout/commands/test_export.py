"""export supabase: files that psql and the Supabase CLI run to the same catalog."""

import re
import subprocess

import psycopg
import pytest
import sqlalchemy as sa

from rollout import cli
from rollout.embedded import url_text
from tests.commands import ROOT
from tests.rollout.commands import supabase_cli
from tests.rollout.commands.conftest import AUTH_ADMIN
from tests.supabase import KINDS, _clone
from tests.versions import rows
from tests.versions.psql import program

ACCOUNTS = """
    SELECT user_id, provider_account_id, sync_status, is_primary
    FROM public.user_investment_accounts ORDER BY id
"""
STEPWISE = ("005", "009")
"""The revisions that commit in between."""
TOO_OLD = (
    psycopg.errors.InvalidTransactionTermination,
    psycopg.errors.ActiveSqlTransaction,
)
"""What an older CLI is told in them."""


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    directory = tmp_path_factory.mktemp("export") / "migrations"
    config = ["--config", str(ROOT / "alembic.ini")]
    assert cli.main(["export", "supabase", str(directory), *config]) == 0
    return sorted(directory.iterdir())


def run(url, file, *, whole=None):
    """Run a file by psql as its head says."""
    whole = "One transaction" in file.read_text() if whole is None else whole
    return subprocess.run(
        [program(), "-qX", *(["-1"] if whole else []), "-v", "ON_ERROR_STOP=1",
         "-f", file, url_text(sa.make_url(url))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def number(file):
    """The revision that a file is."""
    return file.name.split("_")[1]


def test_a_file_for_each_revision_in_the_order_of_its_name(exported):
    assert len(exported) == 12
    assert all(re.fullmatch(r"\d{14}_\w+\.sql", file.name) for file in exported)
    assert [file.name.split("_")[1] for file in exported][:3] == [
        "baseline",
        "000",
        "001",
    ]


def test_the_same_revisions_give_the_same_files(exported, rollout, tmp_path):
    before = [(file.name, file.read_text()) for file in exported]
    rollout(None, "export", "supabase", str(tmp_path / "again"))
    again = sorted((tmp_path / "again").iterdir())
    assert [(file.name, file.read_text()) for file in again] == before


def test_run_in_order_they_give_the_same_catalog_and_rows(
    exported, empty_database, head_database, database
):
    here = database(empty_database)
    for file in exported:
        done = run(empty_database, file)
        assert done.returncode == 0, f"{file.name}: {done.stderr}"
        if "baseline" in file.name:
            users = rows.legacy(here)
    assert here.snapshot() == database(head_database).snapshot()
    assert here.value("SELECT count(*) FROM user_investment_accounts") > len(users) / 2


@pytest.fixture
def project(_supabase, database):
    """Make a Supabase project of a kind, with old rows; as its owner."""

    def make(kind):
        url = _clone(_supabase, kind)
        rows.legacy(database(url, AUTH_ADMIN))
        return url

    return make


@pytest.fixture
def copy(_supabase):
    """Make another database like one; ends the connections to it."""

    def make(url):
        name = sa.make_url(url).database
        _supabase.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{name}'"
        )
        return _supabase.make(template=name)

    return make


def push_by_an_older_cli(url, exported):
    """Push, and do what the heads of the files say where it stops; which those are."""
    stopped = []
    while True:
        try:
            supabase_cli.push(url, exported, pipelined=True)
            return stopped
        except TOO_OLD:
            half = exported[len(supabase_cli.ledger(url))]
            assert number(half) in STEPWISE
            assert run(url, half).returncode == 0
            supabase_cli.repair(url, half)
            stopped.append(number(half))


@pytest.mark.parametrize("kind", KINDS)
def test_supabase_db_push_comes_to_the_same_as_alembic(
    kind, exported, project, copy, database, alembic_run
):
    ours = project(kind)
    pushed, pipelined = copy(ours), copy(ours)
    alembic_run(ours, "upgrade", "head")
    supabase_cli.push(pushed, exported)
    stopped = push_by_an_older_cli(pipelined, exported)
    assert stopped in (["005", "009"], ["009"])  # PostgreSQL 15 lets 005 pass
    expected = database(ours)
    for url in (pushed, pipelined):
        here = database(url)
        assert here.snapshot() == expected.snapshot()
        assert here.rows(ACCOUNTS) == expected.rows(ACCOUNTS) != []
        assert len(supabase_cli.ledger(url)) == len(exported)


def test_a_pushed_file_that_fails_leaves_nothing(exported, project, database):
    url = project("newer")
    here = database(url)
    here.run("CREATE TABLE public.user_aggregated_holdings (id int)")
    with pytest.raises(psycopg.errors.DuplicateTable):
        supabase_cli.push(url, exported)
    assert here.value("SELECT version_num FROM migrations.alembic_version") == "001"
    assert supabase_cli.ledger(url)[-1].endswith("0200")
    assert not here.rows(
        "SELECT FROM pg_proc WHERE proname = 'update_last_updated_column'"
    )
    here.run("DROP TABLE public.user_aggregated_holdings")
    supabase_cli.push(url, exported)
    assert here.value("SELECT version_num FROM migrations.alembic_version") == "010"


def ends(file):
    """After how many statements of a file something has just been committed."""
    found, inside = [], False
    statements = [supabase_cli.bare(s) for s in supabase_cli.split(file)]
    for place, statement in enumerate(statements, 1):
        inside = statement == "BEGIN" or (inside and statement != "COMMIT")
        settings = statement.startswith(
            ("SET", "REVOKE", "CREATE TABLE IF", "CREATE S")
        )
        if not inside and not settings:
            found.append(place)
    return found


@pytest.mark.parametrize("revision", STEPWISE)
def test_a_push_that_stopped_half_way_is_pushed_again(
    revision, exported, project, copy, database, alembic_run
):
    half = next(file for file in exported if number(file) == revision)
    url = project("older")
    supabase_cli.push(url, exported[: exported.index(half)])
    expected = copy(url)
    alembic_run(expected, "upgrade", revision)
    expected = database(expected)
    *places, last = ends(half)
    assert len(places) >= 4
    for place in places:
        here = copy(url)
        supabase_cli.push(here, [half], cut=place)
        assert half.name.split("_")[0] not in supabase_cli.ledger(here)
        supabase_cli.push(here, [half])
        assert database(here).snapshot() == expected.snapshot()
        assert database(here).rows(ACCOUNTS) == expected.rows(ACCOUNTS)
    supabase_cli.push(url, [half], cut=last)
    with pytest.raises(psycopg.errors.RaiseException, match=f"is at {revision}"):
        supabase_cli.push(url, [half])
    supabase_cli.repair(url, half)  # as its head says
    supabase_cli.push(url, exported[: exported.index(half) + 2])


def test_psql_without_one_transaction_is_refused(exported, empty_database, database):
    done = run(empty_database, exported[0], whole=False)
    assert done.returncode != 0
    assert "must be run in one transaction" in done.stderr
    assert not database(empty_database).rows(
        "SELECT FROM pg_namespace WHERE nspname IN ('migrations', 'auth')"
    )


def test_a_file_refuses_to_run_before_its_predecessor(exported, empty_database):
    done = run(empty_database, exported[3])
    assert done.returncode != 0
    assert "this script starts at 001, but the database is at base" in done.stderr


def test_every_file_explains_the_ledger(exported):
    assert all("One database has one ledger" in file.read_text() for file in exported)


def test_files_that_commit_in_between_say_how_to_run_them(exported):
    stepwise = {
        number(file): file.read_text()
        for file in exported
        if "Commits in between" in file.read_text()
    }
    assert tuple(stepwise) == STEPWISE
    assert all("migration repair --status applied" in t for t in stepwise.values())
    assert all("25001" in text for text in stepwise.values())
    others = [file for file in exported if number(file) not in STEPWISE]
    assert all(f"-f {file.name}" in file.read_text() for file in others)


def test_an_older_export_with_other_names_is_not_mixed_in(exported, rollout, tmp_path):
    there = tmp_path / exported[0].name
    there.write_text(exported[0].read_text())
    where = ["export", "supabase", str(tmp_path)]
    done = rollout(None, *where, "--first", "20260101000000")
    assert done.status == 1
    assert f"has {there.name} of an earlier export" in done.err
    assert list(tmp_path.iterdir()) == [there]
    (tmp_path / "20240101000000_own.sql").write_text("SELECT 1;")
    assert rollout(None, *where).status == 0
    assert len(list(tmp_path.iterdir())) == len(exported) + 1
