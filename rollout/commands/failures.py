"""Errors that nobody caught, told to people: what, what state, why, what next."""

from typing import TYPE_CHECKING

from alembic.util.exc import CommandError
from sqlalchemy.exc import DBAPIError

from rollout import database
from rollout.errors import RolloutError
from rollout.sqlstate import sqlstate

if TYPE_CHECKING:
    from rollout.commands.target import Target

ADVICE = {
    "42501": "The role of DATABASE_URL lacks the right for this step. Use the owner\n"
    "of the tables (on Supabase: postgres), or have it granted.",
    "53100": "The server's disk is full. Free space, then run the same command again.",
    "53300": "The server has no connection left. Close idle clients, or wait.",
    "55P03": "Somebody else holds a lock. To see who, run: rollout doctor",
    "57014": "A timeout or somebody cancelled it. Run the same command again.",
    "57P01": "The connection was ended by an administrator, or the server stopped.\n"
    "Run the same command again.",
    "25006": "The database or the role is set to read only, by hand or as a managed\n"
    "server does when its disk is full. Mend that, then run the same command again.",
    "3F000": "The schema of the bookkeeping is missing. Run: rollout status",
    "42P01": "The database is not as the journal says. To see how, run: rollout check",
}
"""SQLSTATE → likely cause and next command."""
OTHERWISE = "To see where the database stands, run: rollout status"


def message(error: BaseException, target: "Target | None") -> str | None:
    """What to print for ``error``; None for one that is a bug of ours."""
    if isinstance(error, CommandError):
        text = f"{error}.\nNothing was changed.\nTo see what there is: alembic history"
    elif isinstance(error, DBAPIError):
        text = _database(error)
    elif isinstance(error, RolloutError):
        text = str(error)
    elif isinstance(error, OSError) and error.filename:
        text = (
            f"{error.filename}: {error.strerror}.\n"
            "What was done before it stands.\n"
            "Mend that, then run the same command again."
        )
    elif isinstance(error, OSError) and error.strerror:
        text = (
            f"standard output, or a file: {error.strerror}.\n"
            "What was done before it stands.\n"
            f"Mend that, then run the same command again. {OTHERWISE}"
        )
    else:
        return None
    url = target.known_url if target is not None else None
    return text if url is None else database.scrub(text, url)


def _database(error: DBAPIError) -> str:
    diag = getattr(error.orig, "diag", None)
    said = getattr(diag, "message_primary", None) or str(error.orig).strip()
    advice = ADVICE.get(sqlstate(error) or "", OTHERWISE)
    return (
        f"the database refused: {said}\n"
        "Its transaction was rolled back; what was committed before stands.\n"
        f"{advice}"
    )
