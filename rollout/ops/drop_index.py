"""Drop an index while the application goes on using its table."""

from alembic import op

from rollout.ops.autocommit import autocommit


def drop_index(index: str) -> None:
    """Drop ``index`` (``schema.name``) with DROP INDEX CONCURRENTLY. Can be repeated.

    Locks: SHARE UPDATE EXCLUSIVE on its table; reads and writes go on.
    Source: PostgreSQL manual, DROP INDEX, "CONCURRENTLY".
    """
    with autocommit():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")
