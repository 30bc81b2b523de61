"""export supabase: HomeOps by the Supabase CLI, which knows no psql."""

import re

import psycopg
import pytest

from rollout import cli
from rollout.catalog import diff
from tests.commands import ROOT
from tests.homeops.history import SECTION, need_vector
from tests.rollout.commands import supabase_cli
from tests.versions.psql import psql

BOOKED = """
    INSERT INTO core.users (id, email, full_name)
    VALUES ('11111111-1111-4111-8111-111111111111', 'a@homeops.local', 'A');
    INSERT INTO financial.accounts (id, user_id, name, account_type)
    VALUES ('22222222-2222-4222-8222-222222222222',
        '11111111-1111-4111-8111-111111111111', 'Giro', 'checking');
    INSERT INTO financial.transactions (id, account_id, transaction_date, amount)
    SELECT md5(n::text)::uuid, '22222222-2222-4222-8222-222222222222', '2026-01-01',
        n / 100.0
    FROM generate_series(1, {rows}) AS n
"""
INDEX = "CREATE INDEX own_idx ON financial.transactions (amount)"
AMOUNTS = "SELECT id, amount::text FROM financial.transactions ORDER BY id"
STANDS = "SELECT indexdef FROM pg_indexes WHERE indexname = 'own_idx'"


@pytest.fixture(scope="module", params=["alembic", SECTION])
def either(request, tmp_path_factory):
    return export(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return export(SECTION, tmp_path_factory.mktemp("files"))


def export(section, directory):
    arguments = ["--config", str(ROOT / "alembic.ini")]
    if section != "alembic":
        arguments += ["--schema", section]
    assert cli.main([*arguments, "export", "supabase", str(directory)]) == 0
    return sorted(directory.iterdir())


def test_no_file_has_a_command_of_psql(either):
    assert len(either) >= 12
    for file in either:
        wrong = re.findall(r"^\\.*|.*\\g\w*.*$", file.read_text(), re.MULTILINE)
        assert wrong == [], file.name


@pytest.fixture
def both(exported, databases, homeops_at, open_database):
    """One migrated by Alembic, one pushed, at 005; with bookings and another index."""

    def make(rows):
        need_vector(databases.server)
        pushed = open_database(databases.make())
        supabase_cli.push(pushed.url, upto(exported, "005"))
        for database in (ours := homeops_at("005"), pushed):
            database.run(BOOKED.format(rows=rows))
            database.run(INDEX)
        return ours, pushed

    return make


def upto(files, revision):
    return [file for file in files if file.name.split("_")[1] <= revision]


def same(ours, pushed):
    assert diff(ours.snapshot(), pushed.snapshot()) == []
    assert ours.rows(AMOUNTS) == pushed.rows(AMOUNTS) != []
    assert pushed.rows(STANDS) != []


@pytest.mark.slow
def test_pushed_files_come_to_the_same_as_alembic(both, exported, run_homeops):
    ours, pushed = both(rows=50)
    run_homeops(ours.url, "upgrade", "head")
    supabase_cli.push(pushed.url, exported)
    same(ours, pushed)


@pytest.mark.slow
def test_an_index_of_a_large_table_is_asked_for_and_the_push_goes_on(
    both, exported, run_homeops
):
    ours, pushed = both(rows=20_000)
    run_homeops(ours.url, "upgrade", "head")
    with pytest.raises(psycopg.errors.RaiseException) as refused:
        supabase_cli.push(pushed.url, exported)
    assert pushed.value("SELECT version_num FROM migrations.homeops_version") == "062"
    hint = refused.value.diag.message_hint
    statement = hint.partition("goes on: ")[2]
    assert re.match(r"CREATE\s+INDEX CONCURRENTLY own_idx", statement)
    done = psql(pushed.url, statement)
    assert done.returncode == 0, done.stderr
    supabase_cli.push(pushed.url, exported)
    same(ours, pushed)
