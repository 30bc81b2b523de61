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
        finish = f"    alembic upgrade {revision}\nor take it back:\n"
        finish += f"    alembic -x abandon={revision} downgrade -1"
        if direction == "downgrade":
            finish = "    alembic downgrade -1"
        super().__init__(
            f"the {direction} of revision {revision} was interrupted "
            f"({since:%Y-%m-%d %H:%M:%S %Z}).\n"
            "Nothing was changed in this run; what it had committed stands.\n"
            "It was killed or failed between two of its steps. Finish it in its own\n"
            f"direction first:\n{finish}"
        )


class NothingToAbandon(RolloutError):
    """``-x abandon`` names a revision whose upgrade is not half done."""

    def __init__(self, revision: str) -> None:
        self.revision = revision
        super().__init__(
            f"the upgrade of revision {revision} was not interrupted.\n"
            "Nothing was changed.\n"
            "It is applied, or it was rolled back as a whole. To see where things\n"
            "stand: rollout status"
        )


class OnlyDowngradesAbandon(RolloutError):
    """``-x abandon`` was given to a command that does not take back by steps."""

    def __init__(self, revision: str) -> None:
        self.revision = revision
        super().__init__(
            f"abandon={revision} is given, which only a downgrade heeds.\n"
            "Nothing was changed.\n"
            "Perhaps ROLLOUT_ABANDON is left in the environment. Leave it out, or\n"
            "take the half-done upgrade back:\n"
            f"    alembic -x abandon={revision} downgrade -1"
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


def abandon(connection: Connection, revision: str, version_table: str) -> None:
    """Let an interrupted upgrade count as applied, so that its downgrade can run.

    In one transaction, which it commits. Repeatable: a downgrade that was begun so and
    interrupted in turn is left to go on.

    Args:
        version_table: Alembic's, with its schema.

    Raises:
        NothingToAbandon: There is no mark of it.
    """
    turned = connection.execute(
        text(
            "UPDATE migrations.unfinished SET direction = 'downgrade' "
            "WHERE revision = :revision RETURNING direction"
        ),
        {"revision": revision},
    ).one_or_none()
    if turned is None:
        raise NothingToAbandon(revision)
    connection.execute(
        text("DELETE FROM migrations.backfill_progress WHERE revision = :revision"),
        {"revision": revision},
    )
    connection.execute(text(f"DELETE FROM {version_table}"))
    connection.execute(
        text(f"INSERT INTO {version_table} (version_num) VALUES (:revision)"),
        {"revision": revision},
    )
    connection.commit()


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
