"""Bring the database to a revision: checks, backup, upgrade, validation, summary.

Stops at the first failure and says what state things are in and how to go on.
"""

import argparse
import datetime as dt
import importlib
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import text

from rollout.commands import plan, planning, preflight, state, targets, validation
from rollout.commands.checklist import CHECKLIST
from rollout.commands.output import Output
from rollout.commands.planning import Step
from rollout.commands.preflight import Check
from rollout.commands.target import Target
from rollout.errors import RolloutError

EXAMPLE = "rollout deploy --dry-run\nrollout deploy\nrollout deploy 004 --no-backup"

FEW_TRANSACTIONS = 50
"""Too few to speak of a rate."""
RATE = text("""
    SELECT xact_commit, xact_rollback FROM pg_catalog.pg_stat_database
    WHERE datname = current_database()
""")


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
        "--backup-to", metavar="FILE", type=Path,
        help="default: backup_DATABASE_DATE_TIME.dump here",
    )  # fmt: skip
    parser.add_argument(
        "--dry-run", action="store_true", help="checks and plan only; changes nothing"
    )
    parser.add_argument(
        "--checklist", action="store_true", help="print what only people can do"
    )
    parser.add_argument(
        "--max-rollback-rate", metavar="PERCENT", type=float,
        help="stop between revisions when more of all transactions are rolled back",
    )  # fmt: skip


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Do it; 1 when a check, a revision or the validation fails."""
    if args.checklist:
        out.document({"checklist": CHECKLIST})
        out.line(CHECKLIST.rstrip())
        return 0
    started = time.monotonic()
    current, steps = _prepare(target, args, out)
    if args.dry_run:
        out.document({"steps": [step.as_dict() for step in steps]})
        plan.show(target, current, steps, out, up=True)
        out.line("\nNothing was changed. Start with: rollout deploy")
        return 0
    backup = _backup(target, args, out) if steps else None
    done = _upgrade(target, steps, args, out)
    results = _validate(target, out)
    _summary(target, out, done, results, backup, time.monotonic() - started)
    return 0


def _prepare(
    target: Target, args: argparse.Namespace, out: Output
) -> tuple[str | None, list[Step]]:
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
    return current, steps


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
    now = dt.datetime.now(dt.UTC)
    default = Path(f"backup_{target.url.database}_{now:%Y%m%d_%H%M%S}.dump")
    path = args.backup_to or default
    try:
        backup: Any = importlib.import_module("rollout.backup")
    except ModuleNotFoundError:
        raise RolloutError(
            "this installation cannot make backups: rollout.backup is missing.\n"
            "Nothing was changed.\n"
            "Make one by other means (pg_dump -Fc, or the dashboard), then run:\n"
            "    rollout deploy --no-backup"
        ) from None
    out.notice(f"backup to {path} …")
    began = time.monotonic()
    result = backup.create(target, path)
    took = plan.duration(round((time.monotonic() - began) * 1000))
    out.line(f"\nBackup: {getattr(result, 'path', path)} ({took})")
    return str(getattr(result, "path", path))


def _upgrade(
    target: Target, steps: list[Step], args: argparse.Namespace, out: Output
) -> list[tuple[Step, int]]:
    """Run revision by revision; each with its milliseconds.

    Raises:
        RolloutError: One failed, or too many transactions are being rolled back.
    """
    done: list[tuple[Step, int]] = []
    before = _counters(target) if args.max_rollback_rate is not None else (0, 0)
    for number, step in enumerate(steps, 1):
        out.notice(f"[{number}/{len(steps)}] {step.revision.revision} …")
        began = time.monotonic()
        try:
            target.alembic("upgrade", step.revision.revision)
        except RolloutError as error:
            raise RolloutError(f"{error}\n\n{_so_far(target, done)}") from error
        done.append((step, round((time.monotonic() - began) * 1000)))
        if args.max_rollback_rate is not None and number < len(steps):
            _refuse_rollbacks(target, before, args.max_rollback_rate, done)
    return done


def _so_far(target: Target, done: list[tuple[Step, int]]) -> str:
    """What state things are in when a roll-out stops half-way, and how to go on."""
    names = ", ".join(step.revision.revision for step, _ in done) or "none"
    first = done[0][0].revision.down_revision if done else None
    back = (
        f"\nTo take this run back: rollout rollback {first or 'base'}" if done else ""
    )
    return f"Done in this run: {names}.\n{state.describe(target)}{back}"


def _counters(target: Target) -> tuple[int, int]:
    """Transactions committed and rolled back so far, by the server's statistics."""
    with target.connect() as connection:
        row = connection.execute(RATE).one()
    return int(row.xact_commit), int(row.xact_rollback)


def _refuse_rollbacks(
    target: Target,
    before: tuple[int, int],
    limit: float,
    done: list[tuple[Step, int]],
) -> None:
    """Stop when the rate since the start exceeds ``limit`` percent.

    The specification's trigger compares the totals since the statistics were reset,
    which a roll-out of minutes cannot move; so the difference is taken.

    Source: HomeOps strategy, "Automatic Rollback Detection".
    """
    now = _counters(target)
    commits, rollbacks = now[0] - before[0], now[1] - before[1]
    total = commits + rollbacks
    if total < FEW_TRANSACTIONS or rollbacks * 100 <= limit * total:
        return
    raise RolloutError(
        f"stopped: {rollbacks * 100 / total:.1f} % of {total} transactions were rolled"
        f" back since the start, more than {limit:g} %.\n"
        f"{_so_far(target, done)}\n"
        "The application may not cope with the new schema: look at its errors."
    )


def _validate(target: Target, out: Output) -> list[validation.Result]:
    """Run the schema's validation.

    Raises:
        RolloutError: It found a FAIL.
    """
    with target.connect() as connection:
        results = validation.run(target, connection)
    if results is None:
        out.line(
            "\nValidation: this schema has no validation function at this revision."
        )
        return []
    out.line("\nValidation")
    out.table(
        ("check", "status", "details"), [tuple(asdict(r).values()) for r in results]
    )
    if failed := [r for r in results if r.status == "FAIL"]:
        raise RolloutError(
            f"validation failed: {failed[0].check_name}: {failed[0].details}.\n"
            f"The revisions are applied. {state.describe(target)}\n"
            "To see more, run: rollout check\nTo take it back, run: rollout plan -1"
        )
    return results


def _summary(
    target: Target,
    out: Output,
    done: list[tuple[Step, int]],
    results: list[validation.Result],
    backup: str | None,
    took_s: float,
) -> None:
    rows = [
        (s.revision.revision, s.revision.version, s.revision.description, ms)
        for s, ms in done
    ]
    out.document(
        {
            "database": target.shown, "backup": backup,
            "applied": [
                {"revision": s.revision.revision, "version": s.revision.version,
                 "duration_ms": ms} for s, ms in done
            ],
            "validation": results, "took_s": round(took_s, 3),
        }
    )  # fmt: skip
    if not rows:
        out.line("\nNothing was pending.")
        return
    out.line("\nApplied")
    out.table(("revision", "version", "description", "ms"), rows)
    took = plan.duration(round(took_s * 1000))
    last = done[-1][0].revision
    out.line(
        f"\nDone in {took}: {target.shown} stands at {last.revision} ({last.version})."
        "\nTo look at it: rollout check"
    )
