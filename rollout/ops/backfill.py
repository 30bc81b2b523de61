"""Change many rows while the application goes on."""

import re

from alembic import op
from sqlalchemy import text

from rollout.backfill.keys import FORGET
from rollout.backfill.plan import Backfill
from rollout.backfill.runner import run_backfill
from rollout.backfill.worker import reject_statement, with_keys
from rollout.ops.autocommit import autocommit
from rollout.ops.sql import bind, is_offline, run_sql
from rollout.running import run

OFFLINE_ROWS = 1_000

OFFLINE = """\
-- Batches of {rows} rows, each its own transaction. Online, batches are sized by time,
-- in the order of the disk, resumed after a kill, shown, and shared by several workers.
DO $backfill$
DECLARE
    first_key {source}.{key}%TYPE;
    last_key {source}.{key}%TYPE;
    one_key {source}.{key}%TYPE;
BEGIN
    first_key := (SELECT {key} FROM {source} ORDER BY {key} LIMIT 1);
    WHILE first_key IS NOT NULL LOOP
        last_key := (
            SELECT k FROM (
                SELECT {key} AS k FROM {source} WHERE {key} >= first_key
                ORDER BY {key} LIMIT {rows}
            ) AS batch ORDER BY k DESC LIMIT 1
        );
        {batch}
        COMMIT;
        first_key := (
            SELECT {key} FROM {source} WHERE {key} > last_key ORDER BY {key} LIMIT 1
        );
    END LOOP;
END
$backfill$"""

BLAMES_A_ROW = (
    "data_exception OR integrity_constraint_violation OR program_limit_exceeded "
    "OR raise_exception"
)
"""PL/pgSQL's names for what the workers blame on a row."""

OFFLINE_REJECTING = """\
BEGIN
            {statement};
        EXCEPTION WHEN {blames_a_row} THEN
            FOR one_key IN
                SELECT {key} FROM {source} WHERE {key} BETWEEN first_key AND last_key
            LOOP
                BEGIN
                    {one_row};
                EXCEPTION WHEN {blames_a_row} THEN
                    {reject};
                END;
            END LOOP;
        END;"""


def backfill(
    name: str,
    *,
    source: str,
    key: str,
    statement: str,
    reject_row: str | None = None,
    again: bool = False,
) -> None:
    """Execute ``statement`` for all rows of ``source``, in batches of their keys.

    Each batch is a short transaction of its own (25 ms aimed at), so what went before
    in the revision is committed, and the revision must be safe to repeat. A killed run
    is resumed where it stopped. The keys are listed beforehand, in the order in which
    the rows lie on disk. Rows that appear later are not seen: have a trigger in place
    for them first. Two workers take ranges of the list in turn.

    Args:
        name: What the operator sees, unique in the revision.
        key: A unique, indexed, NOT NULL column of ``source``.
        statement: Changes the rows with ``key = ANY (:keys)``, and is safe to repeat
            (ON CONFLICT DO NOTHING, or a WHERE that finds nothing to do).
        reject_row: An SQL expression over ``source`` for row_data, such as
            ``to_jsonb(source)``. With it, a row whose data the statement cannot take
            goes to migrations.backfill_rejects with the error as its reason; without
            it, such a row stops the backfill.
        again: Go over the rows once more, although an earlier call has done so.

    Locks: what ``statement`` takes, for one batch.

    Raises:
        DBAPIError: The statement failed. Earlier batches stay.
    """
    this = run.current()
    plan = Backfill(this.revision, name, source, key, statement.strip(), reject_row)
    if is_offline():
        with autocommit():
            run_sql(offline_block(plan))
        return
    engine = bind().engine
    forget = text(FORGET).bindparams(revision=plan.revision, name=plan.progress_name)
    with autocommit():
        if again:
            op.execute(forget)
        run_backfill(engine, plan, this.settings, this.verify)
    this.at_end.append(lambda: op.execute(forget))


def offline_block(plan: Backfill) -> str:
    """The backfill as one DO block that commits after every batch."""
    between = "BETWEEN first_key AND last_key"
    keys = f"ARRAY(SELECT {plan.key} FROM {plan.source} WHERE {plan.key} {between})"
    statement = _plpgsql(plan.statement, keys)
    batch = f"{statement};"
    if plan.reject_row is not None:
        batch = OFFLINE_REJECTING.format(
            blames_a_row=BLAMES_A_ROW,
            key=plan.key, source=plan.source, statement=statement,
            one_row=_plpgsql(plan.statement, "ARRAY[one_key]"),
            reject=reject_statement(plan, "SQLERRM", "one_key").strip(),
        )  # fmt: skip
    return OFFLINE.format(
        rows=OFFLINE_ROWS, source=plan.source, key=plan.key, batch=batch
    )


def _plpgsql(statement: str, keys: str) -> str:
    """The statement for these keys; a bare SELECT becomes PERFORM."""
    statement = with_keys(statement, keys)
    return re.sub(r"^SELECT\b", "PERFORM", statement, flags=re.IGNORECASE)
