"""``lab``: a database and a history of a test's own. See tests/rollout/ops/lab.py."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.rollout.ops.interrupt import count_statements, kill_at
from tests.rollout.ops.lab import Lab

KILLS = 12
"""Kills a sweep; -m slow tries every statement."""


@pytest.fixture
def lab(empty_database: str, tmp_path: Path) -> Lab:
    return Lab(empty_database, tmp_path / "history")


@pytest.fixture
def twins(databases: Databases) -> Callable[..., list[Lab]]:
    """Clone a lab's database, as it stands, once or more."""

    def clone(lab: Lab, copies: int = 1) -> list[Lab]:
        template = lab.value("SELECT current_database()")
        return [lab.at(databases.make(template)) for _ in range(copies)]

    return clone


@pytest.fixture
def same_offline(twins: Callable[..., list[Lab]]) -> Callable[..., None]:
    """Check that printed scripts, run by psql, do what the commands do; up, then down."""

    def check(lab: Lab, *, down: bool = True) -> None:
        (printed,) = twins(lab)
        lab.upgrade()
        printed.psql(printed.upgrade(sql=True))
        lab.assert_same(printed)
        if down:
            lab.downgrade("base")
            printed.psql(printed.downgrade("head:base", sql=True))
            lab.assert_same(printed)

    return check


@pytest.fixture
def survives_kills(twins: Callable[..., list[Lab]]) -> Callable[..., None]:
    """Check that a command, killed at statement after statement, ends the same."""

    def check(lab: Lab, command: Callable[[Lab], object], kills: int = KILLS) -> None:
        (undisturbed,) = twins(lab)
        statements = count_statements(undisturbed, command)
        step = max(1, statements // kills)
        for at in range(1, statements + 1, step):
            (victim,) = twins(lab)
            kill_at(victim, command, at)
            undisturbed.assert_same(victim)

    return check
