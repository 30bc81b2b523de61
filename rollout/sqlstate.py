"""PostgreSQL error codes that the layer reacts to."""

from sqlalchemy.exc import DBAPIError

LOCK_NOT_AVAILABLE = "55P03"
DEADLOCK_DETECTED = "40P01"
INSUFFICIENT_PRIVILEGE = "42501"
QUERY_CANCELED = "57014"
RAISE_EXCEPTION = "P0001"

RETRYABLE = frozenset({LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED})
"""Failures that go away by themselves once somebody else's transaction ends."""


def sqlstate(error: DBAPIError) -> str | None:
    """The five-character SQLSTATE behind a SQLAlchemy error, if the server sent one."""
    return getattr(error.orig, "pgcode", None)
