"""``make homeops``: development users, whose passwords are known, stay at home."""

import os
import shutil
import subprocess

import pytest

from tests.commands import ROOT

SEED = "-m rollout --schema homeops seed dev"
ELSEWHERE = "postgresql://somewhere.invalid/homeops"

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="there is no make")


@pytest.fixture
def make(tmp_path):
    """Run the target with a python that only writes down what it is asked."""
    python, asked = tmp_path / "bin" / "python", tmp_path / "asked"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\necho "$@" >> {asked}\n')
    python.chmod(0o755)
    (tmp_path / "installed").touch()

    def run(**environment):
        inherited = {k: v for k, v in os.environ.items() if k not in UNSET}
        done = subprocess.run(
            ["make", "-s", f"VENV={tmp_path}", "homeops"],
            cwd=ROOT, env=inherited | environment, check=True,
            capture_output=True, text=True,
        )  # fmt: skip
        return asked.read_text().splitlines(), done.stdout

    return run


UNSET = ("DATABASE_URL", "ROLLOUT_ENV", "MAKEFLAGS", "MAKELEVEL")


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"ROLLOUT_ENV": "development"},
        {"ROLLOUT_ENV": "dev", "DATABASE_URL": ELSEWHERE},
    ],
)
def test_a_database_for_development_is_seeded(environment, make):
    asked, said = make(**environment)
    assert SEED in asked
    assert "Not seeded" not in said


@pytest.mark.parametrize(
    "environment",
    [
        {"DATABASE_URL": ELSEWHERE},
        {"DATABASE_URL": ""},
        {"DATABASE_URL": ELSEWHERE, "ROLLOUT_ENV": "staging"},
        {"ROLLOUT_ENV": "production"},
    ],
)
def test_another_one_is_not_and_the_rest_is_done(environment, make):
    asked, said = make(**environment)
    assert SEED not in asked
    assert "-m alembic -n homeops upgrade head" in asked
    assert "-m rollout --schema homeops history" in asked
    assert "passwords that everybody knows" in said
