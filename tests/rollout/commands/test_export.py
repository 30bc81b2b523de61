"""export supabase: files that psql runs in order to the same catalog."""

import re
import subprocess

import pytest
import sqlalchemy as sa

from rollout.embedded import binaries, url_text
from tests.supabase import KINDS, _clone
from tests.versions import rows


@pytest.fixture
def exported(rollout, tmp_path):
    done = rollout(None, "export", "supabase", str(tmp_path / "migrations"))
    assert done.status == 0, done.err
    return sorted((tmp_path / "migrations").iterdir())


def run(url, file):
    return subprocess.run(
        [binaries() / "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-f", file,
         url_text(sa.make_url(url))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


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


@pytest.mark.parametrize("kind", KINDS)
def test_on_supabase_as_its_owner(kind, exported, request, database, alembic_run):
    server = request.getfixturevalue("_supabase")
    ours, theirs = (_clone(server, kind) for _ in range(2))
    for file in exported:
        done = run(theirs, file)
        assert done.returncode == 0, f"{file.name}: {done.stderr}"
    alembic_run(ours, "upgrade", "head")
    assert database(theirs).snapshot() == database(ours).snapshot()


def test_a_file_refuses_to_run_before_its_predecessor(exported, empty_database):
    done = run(empty_database, exported[3])
    assert done.returncode != 0
    assert "this script starts at 001, but the database is at base" in done.stderr


def test_every_file_explains_the_ledger(exported):
    assert all("One database has one ledger" in file.read_text() for file in exported)


def test_files_that_commit_in_between_say_how_to_run_them(exported):
    alone = [
        file.name.split("_")[1]
        for file in exported
        if "migration repair --status applied" in file.read_text()
    ]
    assert alone == ["005", "009"]


def test_an_older_export_with_other_names_is_not_mixed_in(exported, rollout):
    directory = str(exported[0].parent)
    done = rollout(None, "export", "supabase", directory, "--first", "20260101000000")
    assert done.status == 1
    assert "of an earlier export and 11 more" in done.err
    assert sorted(exported[0].parent.iterdir()) == exported
    (exported[0].parent / "20240101000000_own.sql").write_text("SELECT 1;")
    assert rollout(None, "export", "supabase", directory).status == 0
