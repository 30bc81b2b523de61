"""``lab``: a database and a history of a test's own. See tests/rollout/ops/lab.py."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.databases import Databases
from tests.rollout.ops.interrupt import Kill, count_statements, kill_at, statements_seen
from tests.rollout.ops.lab import Lab

KILLS = int(os.environ.get("KILLS", "4"))
"""Kills a sweep, spread over the statements; KILLS=999 tries each of them."""


STANDING = "SELECT version_num FROM migrations.alembic_version"


@pytest.fixture
def lab(empty_database: str, tmp_path: Path) -> Lab:
    return Lab(empty_database, tmp_path / "history")


@pytest.fixture
def reader(server: sa.URL) -> Iterator[str]:
    """Name of a role that may log in. Ask for it before any database: it goes last."""
    databases = Databases(server)
    databases.run("CREATE ROLE ops_reader LOGIN")
    yield "ops_reader"
    databases.run("DROP ROLE ops_reader")


@pytest.fixture
def twins(databases: Databases) -> Callable[..., list[Lab]]:
    """Clone a lab's database, as it stands, once or more."""

    def clone(lab: Lab, copies: int = 1) -> list[Lab]:
        template = lab.value("SELECT current_database()")
        lab.leave()
        return [lab.at(databases.make(template)) for _ in range(copies)]

    return clone


@pytest.fixture
def same_offline(twins: Callable[..., list[Lab]]) -> Callable[..., None]:
    """Check that printed scripts, run by psql, do what commands do; up, then down."""

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
        expected = undisturbed.state()
        for number in range(min(kills, statements)):
            (victim,) = twins(lab)
            kill_at(victim, command, 1 + number * statements // min(kills, statements))
            victim.assert_is(expected)

    return check


FORGET = "DELETE FROM migrations.backfill_rejects"


def rejects_go_before_locks(said: list[str]) -> bool:
    """There may be many; nobody waits while they are deleted."""
    forgets = [n for n, text in enumerate(said) if FORGET in text]
    locks = [n for n, text in enumerate(said) if "ACCESS EXCLUSIVE MODE" in text]
    return not locks or bool(forgets and forgets[0] < locks[0])


@pytest.fixture
def can_be_abandoned(twins: Callable[..., list[Lab]]) -> Callable[[Lab], None]:
    """Check that an upgrade killed at statement after statement can be taken back."""

    def check(lab: Lab, kills: int = KILLS) -> None:
        (probe,) = twins(lab)
        before, statements = probe.state(), count_statements(probe, Lab.upgrade)
        after = probe.rows(STANDING)
        abandoned = 0
        for number in range(min(kills, statements)):
            (victim,) = twins(lab)
            at = 1 + number * statements // min(kills, statements)
            with statements_seen(Kill(victim, at)), contextlib.suppress(Exception):
                victim.upgrade()
            if marks := victim.rows("SELECT revision FROM migrations.unfinished"):
                said = list[str]()
                with statements_seen(said.append):
                    victim.downgrade(abandon=marks[0][0])
                assert rejects_go_before_locks(said)
                abandoned += 1
            elif victim.rows(STANDING) == after:
                continue
            victim.assert_is(before)
            victim.upgrade()
        assert abandoned

    return check
