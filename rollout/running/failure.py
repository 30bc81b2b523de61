"""What a failure says, and that it is written down."""

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from rollout.bookkeeping.journal import Journal
from rollout.errors import RolloutError
from rollout.running.locks import LockWaitTimeout
from rollout.running.steps import Steps
from rollout.sqlstate import INSUFFICIENT_PRIVILEGE, RAISE_EXCEPTION, sqlstate


def unexpected(error: DBAPIError) -> RolloutError:
    """A database error outside of any revision: permissions, mostly."""
    cause = (
        "The role may lack a permission: it must be allowed to create schemas in this\n"
        "database. See docs/supabase.md, then run the same command again."
    )
    if sqlstate(error) != INSUFFICIENT_PRIVILEGE:
        cause = "To see where things stand: rollout status"
    return RolloutError(
        f"the database refused: {said(error)}\n"
        f"No revision was running, and none was changed.\n{cause}"
    )


def said(error: Exception) -> str:
    """What the server said, with its detail and hint, without the context."""
    diag = getattr(getattr(error, "orig", None), "diag", None)
    if diag is None or not diag.message_primary:
        return str(getattr(error, "orig", None) or error).strip()
    parts = (diag.message_primary, diag.message_detail, diag.message_hint)
    return "\n".join(part for part in parts if part)


def failure(
    engine: Engine, journal: Journal, steps: Steps, error: Exception
) -> Exception:
    """Write the failure down and say what state things are in."""
    revision = steps.current
    if revision is None:
        return error
    words = said(error)
    journal.failed(
        engine, revision, up=steps.upgrading, error=words, started=steps.started
    )
    if isinstance(error, RolloutError):
        return error
    if isinstance(error.__cause__, LockWaitTimeout):
        return error.__cause__
    what = "upgrade" if steps.upgrading else "downgrade"
    before = f"done before it: {', '.join(steps.done)}" if steps.done else "none before"
    refused = isinstance(error, DBAPIError) and sqlstate(error) == RAISE_EXCEPTION
    how = "refused" if refused else "failed"
    return RolloutError(
        f"the {what} of revision {revision} {how}: {words}\n"
        f"It was rolled back ({before}); steps that commit on their own are\n"
        "repeated safely by the next run.\n"
        f"Mend the cause, then run the same command again: alembic {what} …"
    )
