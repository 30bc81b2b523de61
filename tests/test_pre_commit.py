"""The hooks of .pre-commit-config.yaml: each takes what is right and nothing else.

Their commands are run as pre-commit runs them; pre-commit itself is not needed.
"""

import re
import shlex
import subprocess
import sys

import pytest

from tests.commands import ROOT

yaml = pytest.importorskip("yaml")
pytestmark = pytest.mark.slow

(REPOSITORY,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
HOOKS = {hook["id"]: hook for hook in REPOSITORY["hooks"]}

CLEAN = '"""Nothing."""\n'
REVISION = '''"""add things

Locks: none.
Rollback: {rollback}
"""


def upgrade() -> None:
    make()


def downgrade() -> None:
    {downgrade}
'''
INSTRUCTIONS = (
    'raise RolloutError("the rows are gone.\\nRestore the backup: rollout …")'
)


def hook(name, *files, cwd=ROOT):
    program, *arguments = shlex.split(HOOKS[name]["entry"])
    assert program == ".venv/bin/python", "hooks use the pinned versions"
    return subprocess.run(
        [sys.executable, *arguments, *map(str, files)],
        cwd=cwd, capture_output=True, text=True, check=False, timeout=60,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "RUFF_NO_CACHE": "true"},
    )  # fmt: skip


@pytest.fixture
def file(tmp_path):
    def write(name, text):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def test_no_hook_is_fetched_from_elsewhere():
    assert REPOSITORY["repo"] == "local"
    assert {hook["language"] for hook in HOOKS.values()} == {"system"}


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_s_command_is_there(name):
    _, *arguments = shlex.split(HOOKS[name]["entry"])
    if arguments[0] == "-m":
        command = [sys.executable, "-m", arguments[1], "--version"]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    else:
        assert (ROOT / arguments[0]).is_file()


def test_the_documents_hooks_are_there():
    assert {"validate-sql-syntax", "check-migration-rollback"} <= set(HOOKS)
    assert {"squawk", "ruff", "ruff-format", "check-versions"} <= set(HOOKS)


def test_every_revision_and_no_other_file_is_looked_at_for_its_rollback():
    pattern = HOOKS["check-migration-rollback"]["files"]
    files = {str(p.relative_to(ROOT)) for p in (ROOT / "alembic").rglob("*.py")}
    assert {f for f in files if not re.search(pattern, f)} == {"alembic/env.py"}


def test_ruff_refuses_an_unused_import(file):
    assert hook("ruff", file("a.py", CLEAN)).returncode == 0
    refused = hook("ruff", file("b.py", f"{CLEAN}import os\n"))
    assert refused.returncode == 1
    assert "F401" in refused.stdout


def test_ruff_format_changes_what_is_not_formatted(file):
    """Which pre-commit takes for a failure."""
    path = file("a.py", f"{CLEAN}a=1\n")
    hook("ruff-format", path)
    assert path.read_text() == f"{CLEAN}\na = 1\n"


@pytest.mark.parametrize(
    "sql",
    ["SELEC 1;", "SELECT 1", "-- nothing\n", "DO $$ BEGIN PERFORM 1 END $$;",
     "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETUR 1; END $$;"],
)  # fmt: skip
def test_sql_is_refused_unless_postgresql_can_read_it(file, sql):
    done = hook("validate-sql-syntax", file("a.sql", sql))
    assert done.returncode == (0 if sql == "SELECT 1" else 1), done.stdout
    assert bool(done.stdout) == bool(done.returncode)


@pytest.mark.parametrize(
    ("rollback", "downgrade", "finding"),
    [
        ("automatic.", "park_table()", None),
        ("automatic.", "pass", "does nothing"),
        ("automatic.", "return", "does nothing"),
        ("automatic.", '"""Nothing to do."""', "does nothing"),
        ("automatic, does nothing: the tables were there.", "pass", None),
        ("automatic. The rows stay: devices may be in the rooms.", "pass", None),
        ("by hand.", "raise NotImplementedError", "without saying what to do"),
        ("by hand.", 'raise RolloutError("no way")', "without saying what to do"),
        ("by hand.", INSTRUCTIONS, None),
        ("by hand.", "raise TooLate(revision)", None),
        ("", "park_table()", "no line 'Rollback:'"),
    ],
)
def test_a_revision_is_refused_unless_it_can_be_taken_back(
    file, rollback, downgrade, finding
):
    text = REVISION.format(rollback=rollback, downgrade=downgrade)
    done = hook("check-migration-rollback", file("011_x.py", text))
    assert done.returncode == (0 if finding is None else 1), done.stdout
    assert finding is None or finding in done.stdout


def test_a_revision_without_downgrade_is_refused(file):
    text = REVISION.split("def downgrade")[0].format(rollback="automatic.")
    assert (
        "no downgrade()" in hook("check-migration-rollback", file("a.py", text)).stdout
    )


def test_versions_are_looked_at_in_every_history():
    done = hook("check-versions")
    assert done.returncode == 0, done.stdout
    assert "alembic: PASS" in done.stdout


def test_every_revision_of_every_history_can_be_taken_back():
    done = hook("check-migration-rollback")
    assert done.returncode == 0, done.stdout
    count = len(list((ROOT / "alembic").glob("*/*.py")))
    assert done.stdout == f"{count} revisions can be taken back\n"
