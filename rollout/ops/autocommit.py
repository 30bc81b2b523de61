"""Statements that cannot be in a transaction, or must not share one."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import op

from rollout.bookkeeping import unfinished
from rollout.ops.sql import bind, is_offline, run_sql
from rollout.running import run

UNLIMITED = "SET statement_timeout = 0; SET lock_timeout = 0"
USUAL = "RESET statement_timeout; RESET lock_timeout"


@contextmanager
def autocommit() -> Iterator[None]:
    """Commit what went before; each statement of the block commits on its own.

    What is in the block must be safe to repeat: the revision is not done yet, and a run
    that ends here starts it again. Behind a pooler the session's timeouts are left as
    they are, since the setting could reach somebody else's session.

    Locks: none by itself; those of the transaction before are let go.
    """
    _mark_unfinished()
    with op.get_context().autocommit_block():
        if is_offline():
            # What is here waits for old transactions, and nobody waits for it.
            run.current().locked_in = None
            op.execute("SET lock_timeout = 0")
            yield
            op.execute("SET lock_timeout = '10ms'")
            return
        direct = _is_direct()
        if direct:
            bind().exec_driver_sql(UNLIMITED)
        yield
        if direct:
            bind().exec_driver_sql(USUAL)


def _is_direct() -> bool:
    """No pooler makes up process ids of its own between us and the server."""
    driver = bind().connection.driver_connection
    server_pid = bind().exec_driver_sql("SELECT pg_backend_pid()").scalar()
    return bool(driver is not None and driver.info.backend_pid == server_pid)


def _mark_unfinished() -> None:
    """Write down, with what is committed, that the revision is half done.

    Until it is done, no other revision may run: see
    :mod:`rollout.bookkeeping.unfinished`.
    """
    this = run.current()
    if this.marked:
        return
    this.marked = True
    run_sql(unfinished.mark(this.revision, this.upgrading))
    this.at_end.append(lambda: run_sql(unfinished.clear(this.revision)))
