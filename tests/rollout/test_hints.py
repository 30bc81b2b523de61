"""A proposed command reaches the history that the message is about."""

import pytest

from rollout.hints import of_section
from tests.commands import run_module


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Start with: rollout deploy", "Start with: rollout --schema shop deploy"),
        ("    alembic upgrade 009", "    alembic -n shop upgrade 009"),
        ("run: alembic -x a=1 check", "run: alembic -n shop -x a=1 check"),
        ("rollout --schema x plan", "rollout --schema x plan"),
        ("the rollout stopped; alembic.ini says so",) * 2,
        ("rollout parked nothing",) * 2,
    ],
)
def test_the_option_is_put_where_a_command_begins(said, meant):
    assert of_section(said, "shop") == meant
    assert of_section(said, "alembic") == said


@pytest.mark.slow
def test_an_operator_of_homeops_is_led_to_homeops(empty_database):
    plan = run_module("rollout", "-n", "homeops", "plan", url=empty_database)
    assert "Start with: rollout --schema homeops deploy" in plan.stdout
    history = run_module("rollout", "-n", "homeops", "history", url=empty_database)
    assert "run: rollout --schema homeops plan" in history.stderr
