"""Drop a view that the application may be reading."""

from rollout.ops.sql import bind, is_offline, run_sql
from rollout.running import run
from rollout.running.locks import until_granted


def drop_view(view: str) -> None:
    """Drop ``view``. Can be repeated.

    LOCK TABLE on a view would lock its tables too, so the statement itself is tried
    under a lock_timeout of some milliseconds.

    Locks: ACCESS EXCLUSIVE on ``view`` only, for a moment.
    """
    statement = f"DROP VIEW IF EXISTS {view}"
    if is_offline():
        run_sql(
            f"SET LOCAL lock_timeout = '{run.current().settings.lock_try_ms:.0f}ms'"
        )
        run_sql(statement)
        return
    until_granted(bind(), statement, tables=(view,), mode="ACCESS EXCLUSIVE")
