"""A database to break, and the checks run on it."""

from collections.abc import Callable, Iterator

import pytest
from psycopg2.extensions import connection as Connection

from tests.rollout.checks.lab import Lab


@pytest.fixture(autouse=True, scope="session")
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Catalogs of fresh databases are remembered here, and for this session only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def lab_of(connect: Callable[..., Connection]) -> Callable[[str], Lab]:
    return lambda url: Lab(url, connect(url, autocommit=True))


@pytest.fixture
def lab(head_database: str, lab_of: Callable[[str], Lab]) -> Lab:
    """A database at head."""
    return lab_of(head_database)
