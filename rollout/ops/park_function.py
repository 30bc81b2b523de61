"""Keep a function that parked triggers still call, out of the application's sight."""

from rollout.bookkeeping import PARKED
from rollout.ops.sql import run_sql
from rollout.sqltext import literal, split_name

MOVE = """
    DO $move$
    BEGIN
        IF to_regprocedure({old_literal}) IS NOT NULL THEN
            ALTER FUNCTION {old} SET SCHEMA {schema};
        END IF;
    END
    $move$
"""


def park_function(signature: str) -> None:
    """Move ``signature`` (``public.f()``) to ``parked``; triggers go on calling it.

    A parked table's triggers need their function, so it cannot be dropped. Can be
    repeated.

    Locks: none that a read or write would notice.
    """
    _move(signature, PARKED)


def restore_function(signature: str) -> None:
    """Bring ``signature`` back from ``parked``, if it is there.

    Follow it with CREATE OR REPLACE FUNCTION, which makes it where it was not parked.

    Locks: none that a read or write would notice.
    """
    schema, name = split_name(signature)
    _move(f"{PARKED}.{name}", schema)


def _move(old: str, schema: str) -> None:
    run_sql(MOVE.format(old=old, old_literal=literal(old), schema=schema))
