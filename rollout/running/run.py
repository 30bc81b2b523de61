"""The revision that is running now: what operations need to know about it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from rollout.settings import Settings


@dataclass
class Run:
    """One revision in one direction.

    ``marked`` says that it is written down as unfinished, since it has committed once.
    ``verify`` raises once the runner lock is lost: long steps call it now and then.
    ``locked_in`` is the transaction in which lock_tables last got its locks; ``at_end``
    holds statements that offline mode adds after the revision's own.
    """

    settings: Settings
    revision: str
    upgrading: bool = True
    attempt: int = 1
    verify: Callable[[], None] = lambda: None
    marked: bool = False
    locked_in: object = None
    at_end: list[Callable[[], None]] = field(default_factory=list)


_current: ContextVar[Run | None] = ContextVar("rollout_run", default=None)


def current() -> Run:
    """The running revision; defaults where the layer's env.py is not in use."""
    return _current.get() or Run(Settings.read({}), revision="unknown")


@contextmanager
def running(run: Run) -> Iterator[Run]:
    """Make ``run`` the current one for the block."""
    token = _current.set(run)
    try:
        yield run
    finally:
        _current.reset(token)
