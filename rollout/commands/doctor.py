"""Find what is in the way of a migration, with the command that mends it.

Looks for long transactions, sessions that block others, what killed runners left
behind, rows that break a constraint, and for disk and WAL space. Reads only, unless
told to end a session.
"""

import argparse

from rollout import checks
from rollout.checks.context import Context
from rollout.commands import doctor_looks, findings, terminate
from rollout.commands.arguments import between, whole
from rollout.commands.output import Output
from rollout.commands.target import Target

EXAMPLE = "rollout doctor\nrollout doctor --terminate 4711"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What counts as long, and which session to end."""
    parser.add_argument(
        "--long", type=between(0, 31_536_000), default=300.0, metavar="S",
        help="seconds from which on a transaction is long; default: 300",
    )  # fmt: skip
    parser.add_argument(
        "--terminate", type=whole(1, 2**31 - 1), metavar="PID",
        help="end this session, after showing what it does and asking",
    )  # fmt: skip
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Look everywhere; 1 if something is in the way for certain (FAIL)."""
    if args.terminate is not None:
        return terminate.run(target, args.terminate, out, yes=args.yes)
    with target.connect() as connection:
        context = Context(target, connection)
        looks = doctor_looks.looks(args.long)
        results = [checks.guarded(name, look, context) for name, look in looks]
        results += checks.run(context, doctor_looks.CHECKS)
    return findings.show(results, out, what="look")


def interrupted(target: Target, args: argparse.Namespace) -> str:
    """Looking changes nothing."""
    if args.terminate is not None:
        return "To see whether the session was ended, run: rollout doctor"
    return "Nothing was changed."
