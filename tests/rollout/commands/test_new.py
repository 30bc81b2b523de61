"""new: a revision file that needs only its two functions written."""

import ast
import subprocess
import sys

import pytest

from rollout.commands.target import Target
from tests.commands import ROOT
from tests.versions.test_history import FILE_NAME


@pytest.fixture
def new(rollout, project):
    def run(*arguments):
        config = str(project / "alembic.ini")
        done = rollout(None, "new", *arguments, "--config", config, "--json")
        assert done.status == 0, done.err
        return done.json, (project / done.json["file"]).read_text()

    return run


def lint(text, *command):
    return subprocess.run(
        [sys.executable, "-m", "ruff", *command,
         "--stdin-filename", "alembic/versions/011_new.py"],
        cwd=ROOT, input=text, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("part", "version"),
    [((), "1.10.0"), (("--minor",), "1.10.0"), (("--patch",), "1.9.1"),
     (("--major",), "2.0.0"), (("--kind", "data"), "1.9.1"),
     (("--kind", "indexes"), "1.9.1"), (("--kind", "procedures"), "1.10.0"),
     (("--kind", "data", "--minor"), "1.10.0")],
)  # fmt: skip
def test_number_and_version_follow_the_last(part, version, new):
    made, text = new("add risk score", *part)
    assert (made["revision"], made["version"]) == ("011", version)
    assert f'schema_version = "{version}"' in text
    assert FILE_NAME.fullmatch(made["file"].rpartition("/")[2])


def test_numbers_go_on(new):
    new("one")
    made, text = new("two", "--patch")
    assert (made["revision"], made["version"]) == ("012", "1.10.1")
    assert 'down_revision = "011"' in text


def test_the_file_is_known_to_the_plan(new, project):
    new("add risk score", "--table", "public.user_onboarding")
    revision = Target(str(project / "alembic.ini")).revisions[-1]
    assert revision.description == "add risk score"
    assert "ACCESS EXCLUSIVE on public.user_onboarding" in revision.locks
    assert revision.automatic
    assert revision.phase == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("add risk score",),
        ("add risk score", "--table", "public.user_onboarding"),
        ("fix o'clock", "--kind", "data", "--patch"),
        (
            "größer and größer.",
            "--kind",
            "indexes",
            "--table",
            "public.user_onboarding",
        ),
        ("new functions", "--kind", "procedures"),
    ],
)
def test_the_file_is_clean(arguments, new):
    _, text = new(*arguments)
    assert lint(text, "check").stdout.strip() == "All checks passed!"
    assert lint(text, "format", "--check").returncode == 0
    assert ast.get_docstring(ast.parse(text)).splitlines()[0] == arguments[0].rstrip(
        "."
    )
    assert "Locks: " in text
    assert "Rollback: " in text


def test_running_it_as_it_is_changes_nothing(new, project, head_database, database):
    new("add risk score")
    before = database(head_database).snapshot()
    target = Target(str(project / "alembic.ini"), database_url=head_database)
    with pytest.raises(NotImplementedError):
        target.alembic("upgrade", "head")
    assert database(head_database).snapshot() == before
