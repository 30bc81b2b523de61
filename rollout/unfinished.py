"""Revisions that were ended half-way: they go on in their direction before others.

A revision that commits in between (batches, concurrent indexes) can be killed between
two of its commits. Running it again repairs that. Running another one instead would
build on half of it.
"""

from sqlalchemy import Connection, text

from rollout.errors import RolloutError
from rollout.sqltext import literal
from rollout.terminal import notice


class RevisionUnfinished(RolloutError):
    """Another revision, or the other direction, was asked for."""

    def __init__(self, revision: str, direction: str, since: object) -> None:
        self.revision, self.direction = revision, direction
        step = "-1" if direction == "downgrade" else revision
        super().__init__(
            f"the {direction} of revision {revision} was interrupted "
            f"({since:%Y-%m-%d %H:%M:%S %Z}).\n"
            "Nothing was changed in this run; what it had committed stands.\n"
            "It was killed or failed between two of its steps. Finish it in its own\n"
            "direction first:\n"
            f"    alembic {direction} {step}"
        )


def mark(revision: str, upgrading: bool) -> str:
    """SQL that writes the revision down as begun."""
    direction = "upgrade" if upgrading else "downgrade"
    return (
        "INSERT INTO migrations.unfinished (revision, direction) "
        f"VALUES ({literal(revision)}, {literal(direction)}) ON CONFLICT DO NOTHING"
    )


def clear(revision: str) -> str:
    """SQL that forgets it, and how far it was, for the revision's last transaction.

    All its progress: a run that goes on where another was ended may skip a backfill,
    and know nothing of its rows.
    """
    return (
        "WITH done AS (DELETE FROM migrations.unfinished "
        f"WHERE revision = {literal(revision)}) "
        f"DELETE FROM migrations.backfill_progress WHERE revision = {literal(revision)}"
    )


def forget_all(connection: Connection) -> None:
    """Forget what was half done: ``alembic stamp`` says where the database stands."""
    rows = connection.execute(
        text("DELETE FROM migrations.unfinished RETURNING revision, direction")
    )
    for row in rows:
        notice(
            f"stamp: the interrupted {row.direction} of revision {row.revision} is\n"
            "forgotten. What it had committed stands: rollout check tells what differs."
        )
    connection.execute(text("DELETE FROM migrations.backfill_progress"))


def refuse_others(connection: Connection, revision: str, upgrading: bool) -> None:
    """Refuse to run ``revision`` while another one is half done.

    Raises:
        RevisionUnfinished: Names the one to finish first.
    """
    direction = "upgrade" if upgrading else "downgrade"
    row = connection.execute(
        text("SELECT revision, direction, since FROM migrations.unfinished LIMIT 1")
    ).one_or_none()
    if row is not None and (row.revision, row.direction) != (revision, direction):
        raise RevisionUnfinished(row.revision, row.direction, row.since)
