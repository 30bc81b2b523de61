"""Go back from a restructured table; or give the way back up."""

from rollout.bookkeeping import PARKED
from rollout.ops.autocommit import autocommit
from rollout.ops.found import lock_found
from rollout.ops.lock_tables import lock_tables
from rollout.ops.park_table import exists
from rollout.ops.rejects import forget_rejects, refuse_rejects
from rollout.ops.server_functions import drop_functions, make_functions
from rollout.ops.sql import is_offline, run_sql
from rollout.ops.sync_trigger import drop_sync
from rollout.ops.table_swap import FOLLOWING, FUNCTIONS, LOCKED, Names, join, swap

STANDS = """
    DO $stands$
    BEGIN
        IF to_regclass({old_literal}) IS NULL THEN
            RAISE EXCEPTION 'Cannot rollback: backup table not found: %', {old_literal}
                USING HINT = 'It was finished (finish_restructure), or dropped by '
                    'hand. Nothing was changed.';
        END IF;
    END
    $stands$
"""


def revert_restructure(table: str, *, key: str = "id") -> None:
    """Put ``<table>_old`` back in its place, with what was written meanwhile.

    The values of the added columns go to ``parked.<table>_new``; the next
    :func:`restructure_table` brings them back. Of a restructuring that was interrupted
    and abandoned, the new table is dropped; the old one never left its place.

    Locks: as :func:`restructure_table`, without the batches.

    Raises:
        RolloutError: There is no ``<table>_old``, or a row written since does not fit
            it. Nothing is changed.

    Source: HomeOps strategy, "Complex Rollbacks".
    """
    if not is_offline() and not exists(f"{table}_old") and exists(f"{table}_new"):
        _give_up(Names(table, "new", key))
        return
    names = Names(table, "old", key)
    names.run(STANDS)
    refuse_rejects(table, f"rows of {table}")
    make_functions(*FUNCTIONS)
    names.run("SELECT migrations.refuse_table({table_literal})")
    join(names)
    retired = f"{table}_new"
    swap(names, retired)
    drop_sync(table, FOLLOWING)
    run_sql(f"ALTER TABLE {retired} SET SCHEMA {PARKED}")
    drop_functions(*FUNCTIONS)


def _give_up(names: Names) -> None:
    """Take away the table that an interrupted restructuring had begun to fill."""
    table = names.all["table"]
    with autocommit():  # there may be many: not under the locks
        forget_rejects(table)
    lock_found(names.text(LOCKED))
    drop_sync(table, FOLLOWING)
    # CASCADE: foreign keys of other tables that were built for the new one.
    names.run("DROP TABLE {next} CASCADE")
    names.run("DROP FUNCTION IF EXISTS {carry}")
    forget_rejects(table)  # those that the trigger added since
    drop_functions(*FUNCTIONS)


def finish_restructure(table: str) -> None:
    """Park ``<table>_old``; from here on there is no way back. Can be repeated.

    Locks: ACCESS EXCLUSIVE on both tables, for a moment, taken without queueing.
    """
    old = f"{table}_old"
    if not is_offline() and not exists(old):
        return
    lock_tables(table, old)
    drop_sync(table, FOLLOWING)
    run_sql(f"ALTER TABLE {old} SET SCHEMA {PARKED}")
