"""Take revisions, one component, or everything back; shows the impact first.

Nothing is lost: tables and values are parked, and the next deploy restores them.
"""

import argparse

from sqlalchemy import Connection

from rollout.bookkeeping.unfinished import (
    NothingToAbandon,
    OnlyDowngradesAbandon,
    RevisionUnfinished,
)
from rollout.commands import emergency, plan, planning, rollback_only, state, targets
from rollout.commands.output import Output
from rollout.commands.planning import Step
from rollout.commands.revisions import Revision
from rollout.commands.target import Target
from rollout.errors import RolloutError

EXAMPLE = (
    "rollout rollback            # the last revision\n"
    "rollout rollback 004\n"
    "rollout rollback --only snapshots\n"
    "rollout rollback --emergency --yes"
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """One of TARGET, --emergency, --only."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "target", nargs="?", default=None,
        help="the revision to stand at afterwards; default: -1, the one before",
    )  # fmt: skip
    which.add_argument(
        "--emergency", action="store_true",
        help="everything of the schema at once, also when some of it is missing",
    )  # fmt: skip
    which.add_argument(
        "--only", metavar="NAME", help="one component, while the rest stays"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Show, ask, do."""
    if args.only is not None:
        return rollback_only.run(target, args.only, out, yes=args.yes)
    name = "-1" if args.target is None else args.target
    if args.emergency:
        _refuse_abandon(target.settings.abandon)
        name = target.option("emergency_target", "base")
    steps = _shown(target, name, out, whatever_stands=args.emergency)
    if not steps:
        out.document({"database": target.shown, "taken_back": []})
        out.line("\nThere is nothing to take back.")
        return 0
    what = ", ".join(step.revision.revision for step in steps)
    if not out.confirm(f"Take back {what} of {target.shown}?", yes=args.yes):
        out.line("\nNothing was changed.")
        return 1
    revisions = [step.revision for step in steps]
    try:
        if args.emergency:
            emergency.run(target, revisions, out)
        else:
            target.alembic("downgrade", revisions[-1].down_revision or "base")
    except RolloutError as error:
        raise RolloutError(f"{error}\n\n{state.describe(target)}") from error
    out.document({"database": target.shown, "taken_back": what.split(", ")})
    out.line(f"\nTaken back: {what}.\n{state.describe(target).splitlines()[0]}")
    out.line("What was parked comes back with: rollout deploy")
    return 0


def _refuse_half_done(target: Target, connection: Connection, first: Revision) -> None:
    for row in state.read(target, connection).unfinished:
        if (row["revision"], row["direction"]) != (first.revision, "downgrade"):
            raise RevisionUnfinished(row["revision"], row["direction"], row["since"])


def _refuse_abandon(revision: str) -> None:
    if revision:  # each of its steps would abandon it anew
        raise OnlyDowngradesAbandon(revision)


def _standing(target: Target, connection: Connection) -> str | None:
    """Where the way down begins: an upgrade to abandon will count as applied."""
    current = target.current(connection, required=True)
    if not (abandoned := target.settings.abandon):
        return current
    half_done = state.read(target, connection).unfinished
    if abandoned not in [row["revision"] for row in half_done]:
        raise NothingToAbandon(abandoned)
    return abandoned


def _shown(
    target: Target, name: str, out: Output, *, whatever_stands: bool
) -> list[Step]:
    """Plan the way down and print its impact.

    Raises:
        RevisionUnfinished: Another step is half done. Said before anybody is asked.
        NothingToAbandon: The revision to abandon is not half done.
    """
    with target.connect() as connection:
        current = _standing(target, connection)
        if name == "-1" and current is None:
            return []
        revisions = targets.steps_down(target, current, name)
        if revisions and not whatever_stands and not target.settings.abandon:
            _refuse_half_done(target, connection, revisions[0])
        steps = planning.make(target, connection, revisions, up=False)
    plan.show(target, current, steps, out, up=False)
    return steps
