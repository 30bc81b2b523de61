"""A database to break, and the checks run on it."""

from collections.abc import Callable

import pytest
from psycopg2.extensions import connection as Connection

from tests.rollout.checks.lab import Lab


@pytest.fixture
def lab_of(connect: Callable[..., Connection]) -> Callable[[str], Lab]:
    return lambda url: Lab(url, connect(url, autocommit=True))


@pytest.fixture
def lab(head_database: str, lab_of: Callable[[str], Lab]) -> Lab:
    """A database at head."""
    return lab_of(head_database)
