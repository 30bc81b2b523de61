"""A pool to fork from, and databases with data on the way down from head."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings

from tests.commands import alembic_run
from tests.databases import Databases
from tests.proof import sample
from tests.proof.pool import warm_pool

REVISIONS = (
    "baseline", "000", "001", "002", "003", "004", "005", "006", "007", "008", "009",
    "010",
)  # fmt: skip


def examples(few: int, many: int) -> settings:
    """So many examples, PROOF=full ``many``; not shrunk, as each takes a second."""
    return settings(
        max_examples=many if os.environ.get("PROOF") == "full" else few,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


def below(revision: str) -> str:
    """The revision before it."""
    return ("base", *REVISIONS)[REVISIONS.index(revision)]


def name_of(url: str) -> str:
    """The database's name, for cloning."""
    name = sa.make_url(url).database
    assert name is not None
    return name


@pytest.fixture(scope="module")
def own_databases(server: sa.URL) -> Iterator[Databases]:
    """Databases that stay until the module's tests are done."""
    databases = Databases(server)
    yield databases
    databases.drop_all()


@pytest.fixture(scope="session")
def pool(_databases: Databases) -> Iterator[ProcessPoolExecutor]:
    """Warm for all modules: to import and to run everything once takes seconds."""
    with warm_pool(_databases.make) as pool:
        yield pool


@pytest.fixture(scope="module")
def with_data(own_databases: Databases) -> Callable[[str], str]:
    """Name of a template that was at head with data and has come down to a revision."""
    made: dict[str, str] = {}

    def at_head(url: str) -> None:
        alembic_run(url, "upgrade", "baseline")
        sample.insert(url, sample.LEGACY)
        alembic_run(url, "upgrade", "head")
        sample.insert(url, sample.NEW)

    def make(revision: str) -> str:
        if revision == REVISIONS[-1]:
            return own_databases.template("head with data", at_head)
        if revision not in made:
            higher = REVISIONS[REVISIONS.index(revision) + 1]
            url = own_databases.make(make(higher))
            alembic_run(url, "downgrade", revision)
            made[revision] = name_of(url)
        return made[revision]

    return make
