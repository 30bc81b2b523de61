"""Every history of alembic.ini: its versions say what its SQL does."""

import configparser

import pytest

from rollout.checks import semantic_version
from rollout.commands.target import Target
from tests.commands import ROOT


def histories():
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "alembic.ini")
    return [s for s in config.sections() if config.has_option(s, "script_location")]


FIRST, *OTHERS = histories()


@pytest.mark.parametrize(
    "section", [FIRST, *(pytest.param(s, marks=pytest.mark.slow) for s in OTHERS)]
)
def test_versions_rise_and_are_what_the_sql_asks_for(section):
    (found,) = semantic_version.look(Target(str(ROOT / "alembic.ini"), section))
    assert found.status == "PASS", found.details


def test_every_history_is_looked_at():
    assert "alembic" in histories()
