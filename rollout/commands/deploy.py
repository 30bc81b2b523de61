"""Bring the database to a revision: checks, backup, upgrade, validation, summary.

Stops at the first failure and says what state things are in and how to go on.
"""

import argparse
import importlib
import time
from typing import Any

from rollout.commands import deploy_steps, plan, planning, preflight, targets
from rollout.commands.arguments import file
from rollout.commands.checklist import CHECKLIST
from rollout.commands.output import Output
from rollout.commands.planning import Step
from rollout.commands.preflight_looks import Check
from rollout.commands.rollback_rate import RollbackRate, percent
from rollout.commands.target import Target
from rollout.errors import RolloutError

EXAMPLE = "rollout deploy --dry-run\nrollout deploy\nrollout deploy 004 --no-backup"


def arguments(parser: argparse.ArgumentParser) -> None:
    """TARGET and what may be left out, by name."""
    parser.add_argument(
        "target", nargs="?", default="head",
        help="revision, version, head or +N; default: head",
    )  # fmt: skip
    parser.add_argument(
        "--no-backup", action="store_true", help="go without a backup beforehand"
    )
    parser.add_argument(
        "--backup-to", metavar="FILE", type=file,
        help="default: backups/DATABASE_TIME.dump",
    )  # fmt: skip
    parser.add_argument(
        "--dry-run", action="store_true", help="checks and plan only; changes nothing"
    )
    parser.add_argument(
        "--checklist", action="store_true", help="print what only people can do"
    )
    parser.add_argument(
        "--max-rollback-rate", metavar="PERCENT", type=percent,
        help="stop before the next revision when the application rolls back more",
    )  # fmt: skip


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Do it; 1 when a check, a revision or the validation fails."""
    if args.checklist:
        out.document({"checklist": CHECKLIST})
        out.line(CHECKLIST.rstrip())
        return 0
    with RollbackRate(target, args.max_rollback_rate) as rate:
        return _deploy(target, args, out, rate)


def _deploy(
    target: Target, args: argparse.Namespace, out: Output, rate: RollbackRate
) -> int:
    started = time.monotonic()
    current, steps, found = _prepare(target, args, out)
    if args.dry_run:
        planned = [step.as_dict() for step in steps]
        out.document({"preflight": found, "steps": planned})
        plan.show(target, current, steps, out, up=True)
        out.line("\nNothing was changed. Start with: rollout deploy")
        return 0
    backup = _backup(target, args, out) if steps else None
    done = deploy_steps.upgrade(target, steps, rate, out)
    results = deploy_steps.validate(target, out)
    took_ms = round((time.monotonic() - started) * 1000)
    out.document(
        {
            "database": target.shown, "preflight": found, "backup": backup,
            "applied": [
                {"revision": s.revision.revision, "version": s.revision.version,
                 "duration_ms": ms} for s, ms in done
            ],
            "validation": results, "took_ms": took_ms,
        }
    )  # fmt: skip
    _summary(target, out, done, took_ms)
    return 0


def _prepare(
    target: Target, args: argparse.Namespace, out: Output
) -> tuple[str | None, list[Step], list[Check]]:
    """Plan, check, and say how it stands.

    Raises:
        RolloutError: A check failed.
    """
    with target.connect() as connection:
        current = target.current(connection)
        revisions = targets.steps_up(target, current, args.target)
        steps = planning.make(target, connection, revisions, up=True)
        found = preflight.checks(target, connection, steps)
    out.line("Pre-flight checks")
    out.table(("check", "status", "details"), [_row(check) for check in found])
    if failed := [check for check in found if check.status == "FAIL"]:
        raise RolloutError(
            f"not started: {len(failed)} pre-flight check failed"
            f" ({', '.join(check.name for check in failed)}).\n"
            "Nothing was changed.\n"
            f"{failed[0].details}.\nMend that, then run: rollout deploy --dry-run"
        )
    return current, steps, found


def _row(check: Check) -> tuple[str, str, str]:
    return check.name, check.status, check.details


def _backup(target: Target, args: argparse.Namespace, out: Output) -> str | None:
    """Write the backup; its path, or None where none was wished for.

    Raises:
        RolloutError: It failed, or there is nothing here to make one with.
    """
    if args.no_backup:
        out.notice("no backup is made (--no-backup)")
        return None
    try:
        backup: Any = importlib.import_module("rollout.backup")
    except ModuleNotFoundError:
        raise RolloutError(
            "this installation cannot make backups: rollout.backup is missing.\n"
            "Nothing was changed.\n"
            "Make one by other means (pg_dump -Fc, or the dashboard), then run:\n"
            "    rollout deploy --no-backup"
        ) from None
    out.notice("making a backup …")
    result = backup.create(target, args.backup_to)
    out.line(f"\nBackup: {result.path} ({plan.duration(round(result.seconds * 1000))})")
    return str(result.path)


def _summary(
    target: Target, out: Output, done: list[tuple[Step, int]], took_ms: int
) -> None:
    if not done:
        out.line("\nNothing was pending.")
        return
    out.line("\nApplied")
    revisions = [(step.revision, ms) for step, ms in done]
    out.table(
        ("revision", "version", "description", "ms"),
        [(r.revision, r.version, r.description, ms) for r, ms in revisions],
    )
    last = done[-1][0].revision
    out.line(
        f"\nDone in {plan.duration(took_ms)}: {target.shown} stands at"
        f" {last.revision} ({last.version}).\nTo look at it: rollout check"
    )
