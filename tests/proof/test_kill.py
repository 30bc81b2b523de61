"""Killed at any statement, run again: the same database as without the kill.

By default every boundary outside of a plain transaction, and one in twelve inside.
PROOF=full takes all of them; what surrounds a revision is then disturbed for each.
"""

import pytest

from tests.proof.conftest import REVISIONS, below
from tests.proof.interrupted import end_own, kill_client
from tests.proof.pool import PROCESSES
from tests.proof.turns import Command, again_and_again, take_turns

pytestmark = pytest.mark.slow

IN_BATCHES = ("005", "009")
"""Revisions with many boundaries: shared by all processes."""


def check(reports, at_least):
    print(sum(report.tried for report in reports), "disturbances")  # shown by -rP
    wrong = [line for report in reports for line in report.wrong]
    assert not wrong, "\n".join(line[:300] for line in wrong[:20])
    assert sum(report.tried for report in reports) >= at_least
    assert not sum(report.missed for report in reports)


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_interrupted_revision_is_finished_by_running_it_again(
    revision, pool, with_data, own_databases
):
    down = Command("downgrade", below(revision))
    up = Command("upgrade", revision)
    template = with_data(revision)
    parts = PROCESSES if revision in IN_BATCHES else 1
    jobs = [
        pool.submit(take_turns, own_databases.make(template), down, up, part, parts)
        for part in range(parts)
    ]
    check([job.result() for job in jobs], at_least=8)


def test_a_first_upgrade_interrupted_again_and_again_comes_to_the_same(
    pool, own_databases
):
    jobs = [
        pool.submit(
            again_and_again, own_databases.make(), own_databases.make(), how, REVISIONS
        )
        for how in (kill_client, end_own)
    ]
    check([job.result() for job in jobs], at_least=80)
