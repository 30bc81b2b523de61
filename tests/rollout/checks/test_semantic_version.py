import shutil
import sys

import pytest

from rollout.checks import semantic_version
from rollout.commands.findings import worst
from rollout.commands.target import Target
from tests.commands import ROOT


@pytest.fixture
def project(tmp_path):
    """A copy of the history, to be spoiled."""
    shutil.copy(ROOT / "alembic.ini", tmp_path)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "alembic", tmp_path / "alembic", ignore=ignored)

    def spoil(number, old, new):
        (path,) = (tmp_path / "alembic" / "versions").glob(f"{number}_*.py")
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        # Compiled files are told apart by second and size, and both are the same here.
        shutil.rmtree(path.parent / "__pycache__", ignore_errors=True)
        return Target(str(tmp_path / "alembic.ini"))

    return spoil


def test_a_version_that_does_not_fit_fails_until_it_is_explained(project):
    target = project("009", '"1.8.0"', '"1.7.1"')
    (grave, hint) = semantic_version.look(target)
    assert (grave.status, hint.status) == ("FAIL", "WARN")
    assert "009: 1.7.1 is a PATCH step; its SQL is MINOR" in grave.details[0]
    assert "column public.user_onboarding.primary_provider added" in grave.details[0]
    assert grave.remedy[0].startswith('schema_version = "1.8.0" in 009_')
    assert hint.details == ("010: 1.7.1 → 1.9.0 leaves out 1.8.0",)
    target = project("009", '"1.7.1"', '"1.7.1"\nversion_note = "agreed with the app"')
    assert worst(semantic_version.look(target)) == "WARN"
    found = semantic_version.look(project("009", '"1.7.1"', '"1.8.0"'))
    assert any("excuses nothing" in line for one in found for line in one.details)


def test_without_the_parser_the_order_is_looked_at_and_the_rest_is_no_pass(
    project, monkeypatch
):
    target = project("008", '"1.7.0"', '"1.4.0"')
    for name in ("pglast", "rollout.reading.plpgsql", "rollout.reading.schema_reader"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "pglast", None)
    grave, hint, said = semantic_version.look(target)
    assert "1.4.0 comes after 1.6.0 of 007" in grave.details[0]
    assert hint.status == "WARN"
    assert said.status == "WARN"
    assert "not installed" in said.summary
    assert said.remedy[0] == "pip install pglast"


def test_sql_that_cannot_be_read_is_said_and_no_traceback(project):
    target = project(
        "006",
        "def upgrade() -> None:\n",
        """def upgrade() -> None:
    from rollout.ops import run_sql

    run_sql("CREATE TABEL public.x (a int)")
""",
    )
    (said,) = semantic_version.look(target)
    assert said.status == "WARN"
    assert 'syntax error at or near "TABEL"' in said.details[0]
