"""Killed at any statement, run again: the same database as without the kill.

By default a sample of the boundaries; PROOF=full takes all of them.
"""

from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.databases import Databases
from tests.homeops.history import DIRECTORY, REVISIONS, SECTION, before, run, seed
from tests.proof.conftest import name_of, own_databases  # noqa: F401 - a fixture
from tests.proof.pool import PROCESSES, warm_pool
from tests.proof.turns import FULL, Command, take_turns

pytestmark = pytest.mark.slow

MOST = 2
"""Disturbances of one command in one job, by default."""
COMMITTING = ("autocommit", "backfill", "change_column_type", "restructure_table")
COMMITTING += ("create_index", "add_check", "park_columns")


def commits(revision: str) -> bool:
    """Whether it has steps that commit on their own, to be killed between."""
    source = DIRECTORY.get_revision(revision).module.upgrade.__globals__
    return any(name in source for name in COMMITTING)


# The server itself rolls a plain transaction back; 001 stands for all of those.
CHOSEN = [r for r in REVISIONS if FULL or r == "001" or commits(r)]


@pytest.fixture(scope="module")
def pool(own_databases: Databases):  # noqa: F811
    with warm_pool(own_databases.make, SECTION) as pool:
        yield pool


@pytest.fixture(scope="module")
def with_household(own_databases: Databases):  # noqa: F811
    """Name of a template with a household that has come down to a revision."""
    made: dict[str, str] = {}

    def at_head(url: str) -> None:
        run(url, "upgrade", "head")
        seed(url, "dev")

    def make(revision: str) -> str:
        if revision == REVISIONS[-1]:
            return own_databases.template("head with a household", at_head)
        if revision not in made:
            higher = REVISIONS[REVISIONS.index(revision) + 1]
            url = own_databases.make(make(higher))
            run(url, "downgrade", revision)
            made[revision] = name_of(url)
        return made[revision]

    return make


@pytest.mark.parametrize("revision", CHOSEN)
def test_an_interrupted_revision_is_finished_by_running_it_again(
    revision,
    pool: ProcessPoolExecutor,
    with_household,
    own_databases,  # noqa: F811
):
    down = Command("downgrade", before(revision), SECTION)
    up = Command("upgrade", revision, SECTION)
    template = with_household(revision)
    jobs = [
        pool.submit(
            take_turns,
            own_databases.make(template),
            down,
            up,
            part,
            PROCESSES,
            MOST,
        )
        for part in range(PROCESSES)
    ]
    reports = [job.result() for job in jobs]
    tried = sum(report.tried for report in reports)
    missed = sum(report.missed for report in reports)
    print(tried, "disturbances")  # shown by -rP
    wrong = [line for report in reports for line in report.wrong]
    assert not wrong, "\n".join(line[:300] for line in wrong[:20])
    assert tried >= 4
    assert missed <= tried // 10
