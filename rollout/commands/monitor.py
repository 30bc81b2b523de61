"""Watch a migration while it runs: who waits for whom, and how far things are.

Reads only, waits for no lock, and gives each statement two seconds at most. On a
terminal the view is renewed in place; elsewhere a block is printed each time.
"""

import argparse
import sys
import time
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError

from rollout.commands import monitor_view
from rollout.commands.arguments import between
from rollout.commands.output import Output
from rollout.commands.target import Target
from rollout.errors import RolloutError
from rollout.live.monitoring import Sample, look
from rollout.running.interrupts import Terminated
from rollout.sqlstate import LOCK_NOT_AVAILABLE, QUERY_CANCELED, sqlstate

EXAMPLE = (
    "rollout monitor\nrollout monitor --once --json\nrollout monitor --interval 10"
)
PASSING = {LOCK_NOT_AVAILABLE, QUERY_CANCELED}
"""Failures of one look: the next one may succeed."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """How often."""
    parser.add_argument("--once", action="store_true", help="one look, then end")
    parser.add_argument(
        # At least half a second: each look asks the server some dozen questions.
        "--interval", type=between(0.5, 3600), default=2.0, metavar="S",
        help="seconds between two looks; default: 2",
    )  # fmt: skip


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Look until Ctrl-C; with ``--once`` or ``--json`` one time."""
    if args.once or out.json:
        with target.connect() as connection:
            sample = look(target, connection)
        for line in monitor_view.lines(sample, target.shown):
            out.line(line)
        out.document(monitor_view.document(sample))
        return 0
    try:
        if sys.stdout.isatty():
            _live(target, args.interval, out)
        else:
            for sample in samples(target, args.interval, out):
                for line in monitor_view.lines(sample, target.shown):
                    out.line(line)
                out.line()
    except Terminated:
        raise
    except KeyboardInterrupt:
        out.notice("\nstopped watching; nothing was changed.")
    return 0


def _live(target: Target, interval_s: float, out: Output) -> None:
    from rich.live import Live
    from rich.text import Text

    with Live(Text("looking …"), auto_refresh=False) as live:
        for sample in samples(target, interval_s, out):
            shown = "\n".join(monitor_view.lines(sample, target.shown))
            live.update(Text(shown, no_wrap=True, overflow="ellipsis"), refresh=True)


def samples(target: Target, interval_s: float, out: Output) -> Iterator[Sample]:
    """One look after the other; a server that is away for a while is waited for.

    Raises:
        RolloutError: The first look did not succeed.
    """
    before: Sample | None = None
    while True:
        try:
            with target.connect() as connection:
                while True:
                    before = look(target, connection, before)
                    yield before
                    time.sleep(interval_s)
        except DBAPIError as error:
            lost = error.connection_invalidated
            if before is None or not (lost or sqlstate(error) in PASSING):
                raise
            out.notice(f"no look this time: {str(error.orig).strip()}")
        except RolloutError as error:
            if before is None:
                raise
            out.notice(f"no look this time: {str(error).splitlines()[0]}")
        time.sleep(interval_s)


def interrupted(target: Target, args: argparse.Namespace) -> str:
    """Watching changes nothing."""
    return "Nothing was changed."
