"""Ending one session, after showing what it is."""

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from rollout.commands.output import Output
from rollout.commands.target import Target
from rollout.errors import RolloutError
from rollout.live.sessions import Session, sessions
from rollout.sqlstate import INSUFFICIENT_PRIVILEGE, sqlstate

WAIT_MS = 5_000
"""How long to wait for it to be gone."""

# By its start, too: meanwhile the number may belong to somebody else.
END = text("""
    SELECT pg_terminate_backend(pid, :wait_ms) FROM pg_catalog.pg_stat_activity
    WHERE pid = :pid AND backend_start IS NOT DISTINCT FROM :started
""")


class NotEnded(RolloutError):
    """The session was left alone; ``pid`` says which."""

    def __init__(self, pid: int, why: str, next_: str) -> None:
        self.pid = pid
        super().__init__(f"pid {pid} {why}\nNothing was ended.\n{next_}")


def run(target: Target, pid: int, out: Output, *, yes: bool) -> int:
    """Show the session, ask, end it.

    Raises:
        NotEnded: There is none, it is not to be ended, or we may not.
    """
    with target.connect() as connection:
        found = sessions(connection)
        session = next((s for s in found if s.pid == pid), None)
        if session is None:
            raise NotEnded(
                pid,
                "is no session of this database.",
                "It may have ended by itself. To see who is there: rollout doctor",
            )
        _refuse(session)
        waiting = [other.pid for other in found if pid in other.blockers]
        out.line(session.told())
        behind = ", ".join(map(str, waiting)) or "nobody"
        out.line(f"waiting for it: {behind}")
        connection.rollback()  # no transaction of ours while somebody thinks
        if not out.confirm("Its transaction will be rolled back. End it?", yes=yes):
            out.notice("Nothing was ended.")
            return 1
        try:
            ended = connection.scalar(
                END, {"pid": pid, "started": session.started, "wait_ms": WAIT_MS}
            )
        except DBAPIError as error:
            if sqlstate(error) != INSUFFICIENT_PRIVILEGE:
                raise
            raise _not_permitted(session, error) from None
    out.line("ended." if ended else "asked to end; it has not done so yet.")
    out.document({"pid": pid, "ended": bool(ended), "session": session.told()})
    return 0 if ended else 1


def _refuse(session: Session) -> None:
    if session.is_runner or session.application == "rollout":
        raise NotEnded(
            session.pid,
            "is a runner of ours: it holds the runner lock or works for it.",
            "Press Ctrl-C where it runs; it then says what state things are in.",
        )
    if session.kind not in ("client backend", "unknown"):
        raise NotEnded(
            session.pid,
            f"is the server's own: {session.kind}.",
            "It ends by itself; an autovacuum worker makes way for locks.",
        )


def _not_permitted(session: Session, error: DBAPIError) -> NotEnded:
    return NotEnded(
        session.pid,
        f"may not be ended by this role: {str(error.orig).strip().splitlines()[0]}",
        f"Ask {session.user or 'its user'} or an administrator to run:\n"
        f"    SELECT pg_terminate_backend({session.pid});",
    )
