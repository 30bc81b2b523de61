"""What the constraint operations share: is it there, and validating it."""

from rollout.ops.sql import bind, is_offline, run_sql, scalar
from rollout.running import run
from rollout.running.locks import ambient

EXISTS = """
    SELECT EXISTS (
        SELECT FROM pg_catalog.pg_constraint
        WHERE conname = :name AND conrelid = to_regclass(:table)
    )
"""


def constraint_exists(name: str, table: str) -> bool:
    """Whether ``table`` has constraint ``name``, valid or not; only online."""
    return bool(scalar(EXISTS, name=name, table=table))


def validate_constraint(name: str, table: str) -> None:
    """Check the rows that were there before the constraint. Can be repeated.

    May wait for its lock: no read or write queues behind it.

    Locks: SHARE UPDATE EXCLUSIVE on ``table``, ROW SHARE on a referenced table; reads
        and writes go on.
    Source: PostgreSQL manual, ALTER TABLE, "VALIDATE CONSTRAINT".
    """
    settings = run.current().settings
    statement = f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"
    if is_offline():
        run_sql(statement)
        return
    patient = ambient(settings.lock_wait_s * 1000)
    bind().exec_driver_sql(f"{patient}; {statement}; {ambient(settings.lock_try_ms)}")
