"""Stop while rows are in migrations.backfill_rejects that an operation must carry."""

from rollout.ops.sql import run_sql
from rollout.running import run
from rollout.sqltext import literal

REFUSE = """
    DO $refuse$
    DECLARE
        total bigint;
        shown text;
    BEGIN
        SELECT count(*), string_agg(format('%s (%s)', source_id, reason), '; ')
            FILTER (WHERE n <= 5) INTO total, shown
        FROM (
            SELECT source_id, reason, row_number() OVER (ORDER BY id) AS n
            FROM migrations.backfill_rejects
            WHERE revision = {revision} AND source_table = {source}
        ) AS rejects;
        IF total > 0 THEN
            RAISE EXCEPTION '% {what} do not fit: %', total, shown
                USING ERRCODE = 'data_exception',
                    HINT = 'The application sees no change. All are in '
                        'migrations.backfill_rejects; mend them, then run again.';
        END IF;
    END
    $refuse$
"""


def refuse_rejects(source: str, what: str) -> None:
    """Stop if this revision has rejects of ``source``; name the first five.

    Locks: none.
    """
    revision = literal(run.current().revision)
    run_sql(REFUSE.format(revision=revision, source=literal(source), what=what))


def forget_rejects(source: str) -> None:
    """Delete this revision's rejects of ``source``: what they were kept for is gone.

    Locks: none.
    """
    run_sql(
        "DELETE FROM migrations.backfill_rejects "
        f"WHERE revision = {literal(run.current().revision)} "
        f"AND source_table = {literal(source)}"
    )
