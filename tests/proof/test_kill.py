"""Killed at any statement, run again: the same database as without the kill.

By default every boundary outside of a plain transaction, and one in five inside.
PROOF=full takes all of them; what surrounds a revision is then disturbed for each.
"""

import pytest

from tests.proof.conftest import REVISIONS, below
from tests.proof.pool import PROCESSES
from tests.proof.turns import Command, take_turns


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_interrupted_revision_is_finished_by_running_it_again(
    revision, pool, with_data, own_databases
):
    down = Command("downgrade", below(revision))
    up = Command("upgrade", revision)
    template = with_data(revision)
    jobs = [
        pool.submit(
            take_turns, own_databases.make(template), down, up, part, PROCESSES
        )
        for part in range(PROCESSES)
    ]
    reports = [job.result() for job in jobs]
    print(sum(report.tried for report in reports), "disturbances")  # shown by -rP
    wrong = [line for report in reports for line in report.wrong]
    assert not wrong, "\n".join(line[:300] for line in wrong[:20])
    assert sum(report.tried for report in reports) > 10
