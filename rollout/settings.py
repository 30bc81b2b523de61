"""What an operator may set, each in units, by ``-x name=…`` or ``ROLLOUT_NAME``."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

from rollout.errors import RolloutError

MOST = 1_000_000.0
"""As seconds in milliseconds, still what PostgreSQL takes for a timeout."""


@dataclass(frozen=True)
class Settings:
    """Limits and pauses of one run; docs/how-it-runs.md justifies the defaults."""

    runner_wait_s: float = 300.0
    """How long to wait for another runner before giving up."""
    lock_wait_s: float = 30.0
    """How long one revision may try for its locks on tables in use, in all."""
    lock_try_ms: float = 10.0
    """Longest time one try may queue, and so make the application wait."""
    batch_ms: float = 25.0
    """Length aimed at for one backfill transaction."""
    pause_ms: float = 0.0
    """Sleep between two batches of one backfill worker."""
    workers: float = 2.0
    """Backfill workers, each with a connection of its own."""
    accept_changed: str = ""
    """Revisions, comma separated, whose changed files are accepted this once."""
    abandon: str = ""
    """A revision whose upgrade was interrupted and is to be taken back."""
    reason: str = ""
    """Shown to others in migrations.migration_locks."""

    @classmethod
    def read(
        cls, x: Mapping[str, str], environ: Mapping[str, str] | None = None
    ) -> "Settings":
        """Settings from ``-x`` arguments, then the environment, then the defaults.

        Raises:
            RolloutError: A value is not a number, negative, or far too large.
        """
        environ = os.environ if environ is None else environ
        given: dict[str, float | str] = {}
        for field in fields(cls):
            env_name = f"ROLLOUT_{field.name.upper()}"
            value = x.get(field.name, environ.get(env_name))
            if value is not None:
                is_text = isinstance(field.default, str)
                given[field.name] = value if is_text else _number(field.name, value)
        if isinstance(try_ms := given.get("lock_try_ms"), float):
            given["lock_try_ms"] = max(1.0, try_ms)  # to PostgreSQL 0 means for ever
        return cls(**given)  # type: ignore[arg-type]


def _number(name: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number <= MOST:
        raise RolloutError(
            f"{name}={value!r} is not a number from 0 to {MOST:,.0f}.\n"
            "Nothing was changed.\n"
            f"Give it in the unit of its name, for example: -x {name}=30"
        )
    return number
