"""Weekly and monthly maintenance of what this project made.

weekly: ANALYZE, index bloat, the newest backup verified, every check of rollout check.
monthly: VACUUM (ANALYZE), extension updates, how the migrations performed.
Reads and writes of the application go on meanwhile.
"""

import argparse

from rollout import checks
from rollout.checks import Result
from rollout.checks.context import Context
from rollout.commands import findings
from rollout.commands import maintain_steps as steps
from rollout.commands.output import Output
from rollout.commands.target import Target

EXAMPLE = "rollout maintain weekly\nrollout maintain monthly --yes"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which round."""
    parser.add_argument("round", choices=("weekly", "monthly"))
    parser.add_argument(
        "--backup", metavar="FILE",
        help="weekly: the backup to verify; default: the newest one in backups/",
    )  # fmt: skip
    parser.add_argument(
        "--yes", action="store_true", help="monthly: update extensions without asking"
    )


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Do one round; 1 if a check says FAIL."""
    with target.connect() as connection:
        findings.refuse_strangers(target, connection)
        context = Context(target, connection)
        round_ = _weekly if args.round == "weekly" else _monthly
        results = round_(context, args, out)
    return findings.show(results, out, what="step")


def _weekly(context: Context, args: argparse.Namespace, out: Output) -> list[Result]:
    return [
        Result("analyze", steps.on_tables(context, "ANALYZE", out.notice)),
        checks.guarded("index-bloat", steps.index_bloat, context),
        Result("backup", steps.verify_backup(context.target, args.backup, out.notice)),
        *checks.run(context),
    ]


def _monthly(context: Context, args: argparse.Namespace, out: Output) -> list[Result]:
    return [
        Result("vacuum", steps.on_tables(context, "VACUUM", out.notice)),
        Result("extensions", steps.extensions(context, out, yes=args.yes)),
        checks.guarded("performance", steps.performance_report, context),
    ]


def interrupted(target: Target, args: argparse.Namespace) -> str:
    """Each step stands by itself and can be repeated."""
    return (
        "What was done of the round stands; nothing is half done.\n"
        f"To do all of it, run again: rollout maintain {args.round}"
    )
