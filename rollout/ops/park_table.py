"""Take a table out of the application's sight with every row, and bring it back."""

from alembic import op

from rollout.bookkeeping import PARKED
from rollout.errors import RolloutError
from rollout.ops.lock_tables import lock_tables
from rollout.ops.sql import is_offline, run_sql, scalar
from rollout.running import run
from rollout.sqltext import literal, split_name


class AlreadyParked(RolloutError):
    """``parked`` has a table of this name, which nothing may overwrite."""

    def __init__(self, table: str, parked: str) -> None:
        self.table, self.parked = table, parked
        super().__init__(
            f"{table} cannot be parked: {parked} is there already.\n"
            "The revision in progress was rolled back; earlier ones stand.\n"
            f"Somebody made {table} again by hand while an earlier one was parked.\n"
            "Look at both, then give the parked one another name:\n"
            f"    ALTER TABLE {parked} RENAME TO {parked.partition('.')[2]}_earlier"
        )


EXCHANGE = """\
-- Brings the parked table back, with its rows, in place of the empty one made above.
DO $restore$
BEGIN
    IF to_regclass({parked}) IS NOT NULL THEN
        DROP TABLE {table};
        ALTER TABLE {parked_name} SET SCHEMA {schema};
    END IF;
END
$restore$"""


def park_table(table: str) -> None:
    """Move ``table`` to schema ``parked``: O(1), whatever its size.

    Indexes, constraints, triggers, policies, grants, and the cascade from referenced
    tables go along, so a deleted user's rows disappear from ``parked`` too. Can be
    repeated.

    Locks: ACCESS EXCLUSIVE on ``table``, for a moment, taken without queueing. Nothing
        else: referenced tables are not locked.

    Raises:
        AlreadyParked: ``parked`` has a table of this name. Nothing was changed.

    Source: design, "Nothing is lost on the way down".
    """
    if not is_offline():
        if not exists(table):
            return
        _refuse_to_cover(table)
    lock_tables(table)
    op.execute(f"ALTER TABLE {table} SET SCHEMA {PARKED}")


def _refuse_to_cover(table: str) -> None:
    _, name = split_name(table)
    if exists(f"{PARKED}.{name}"):
        raise AlreadyParked(table, f"{PARKED}.{name}")


def restore_table(table: str) -> bool:
    """Bring ``table`` back from ``parked``; return whether it was there.

    Use it first in ``upgrade()``::

        if restore_table("public.things"):
            return

    Offline there is nothing to ask, so it returns False, the revision makes the empty
    table, and at its end the script exchanges it for a parked one, if there is one.

    Locks: ACCESS EXCLUSIVE on the parked table, for a moment, taken without queueing.
    """
    schema, name = split_name(table)
    parked_name = f"{PARKED}.{name}"
    if is_offline():
        exchange = EXCHANGE.format(
            parked=literal(parked_name),
            parked_name=parked_name,
            table=table,
            schema=schema,
        )
        run.current().at_end.append(lambda: run_sql(exchange))
        return False
    if not exists(parked_name):
        return False
    lock_tables(parked_name)
    op.execute(f"ALTER TABLE {parked_name} SET SCHEMA {schema}")
    return True


def exists(table: str) -> bool:
    """Whether there is a relation of this name; only online."""
    return bool(scalar("SELECT to_regclass(:name) IS NOT NULL", name=table))
