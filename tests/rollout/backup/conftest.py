"""``sql(url, statement)`` and ``shop``, a small database to save and restore."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.rollout.backup.shop import AUTH, SHOP


@pytest.fixture
def sql(connect: Callable[..., Any]) -> Callable[..., Any]:
    """Execute SQL on a URL; the first value, if there is one."""

    def execute(url: str, statement: str) -> Any:
        connection = connect(url, autocommit=True)
        with connection.cursor() as cursor:
            cursor.execute(statement)
            value = cursor.fetchone()[0] if cursor.description else None
        connection.close()
        return value

    return execute


@pytest.fixture
def shop(make_database: Callable[..., str], sql: Callable[..., Any]) -> str:
    """URL of a database with three users of ours, three orders and a policy."""
    url = make_database()
    sql(url, AUTH + SHOP)
    return url
