"""Databases that the commands do not work on."""

from collections.abc import Sequence

from rollout.errors import RolloutError


class NotOurs(RolloutError):
    """The database has none of the bookkeeping that this layer keeps."""

    def __init__(self, shown: str, table: str) -> None:
        super().__init__(
            f"{shown} is not a database of ours: no {table}.\n"
            "Nothing was changed.\n"
            "No revision was ever applied here, or DATABASE_URL names another one.\n"
            "To see what an upgrade would do, run: rollout plan"
        )


class NewerDatabase(RolloutError):
    """The database stands at a revision that this checkout does not have."""

    def __init__(self, shown: str, unknown: Sequence[str], head: str) -> None:
        self.unknown = tuple(unknown)
        super().__init__(
            f"{shown} stands at {', '.join(unknown)}, which this checkout does not"
            " have.\n"
            "Nothing was changed.\n"
            f"A newer checkout migrated it; this one ends at {head}.\n"
            "Take the newer one: git pull"
        )
