"""What is pending, by phase: locks, duration, rows, and how each can be undone.

With a TARGET below where the database stands, the plan of a rollback: what is parked.
"""

import argparse
from itertools import groupby

from rollout.commands import lint, planning, targets
from rollout.commands.output import Output
from rollout.commands.planning import Step
from rollout.commands.target import Target

EXAMPLE = "rollout plan\nrollout plan 004 --sql\nrollout plan -1"


def arguments(parser: argparse.ArgumentParser) -> None:
    """TARGET and --sql."""
    parser.add_argument(
        "target", nargs="?", default="head",
        help="revision, version, head, base, +N or -N; default: head",
    )  # fmt: skip
    parser.add_argument("--sql", action="store_true", help="with the SQL of each step")


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Print the plan. Reads only."""
    with target.connect() as connection:
        current = target.current(connection)
        up = not targets.is_below(target, current, args.target)
        find = targets.steps_up if up else targets.steps_down
        revisions = find(target, current, args.target)
        steps = planning.make(target, connection, revisions, up=up)
    out.document(
        {
            "database": target.shown,
            "current": current,
            "direction": "up" if up else "down",
            "steps": [step.as_dict() for step in steps],
        }
    )
    show(target, current, steps, out, up=up)
    if args.sql:
        show_sql(steps, out)
    start = "rollout deploy" if up else "rollout rollback"
    where = "" if args.target == "head" else f" {args.target}"
    next_ = f" Start with: {start}{where}" if steps else ""
    out.line(f"\nNothing was changed.{next_}")
    return 0


def show(
    target: Target, current: str | None, steps: list[Step], out: Output, *, up: bool
) -> None:
    """Print the plan's tables."""
    where = target.revision(current) if current else None
    standing = f"at {where.revision} ({where.version})" if where else "at no revision"
    what = "pending" if up else "to take back"
    out.line(f"{target.shown}   {standing}, {len(steps)} {what}")
    if not steps:
        return
    for phase, members in groupby(steps, key=lambda step: step.revision.phase):
        out.line(f"\nPhase {phase}")
        _table(list(members), out)
    _totals(steps, out)
    if up:
        _undo(steps, out)
        _lint(steps, out)
    else:
        show_impact(steps, out)
    for step in steps:
        if up and step.unmentioned:
            out.notice(
                f"notice: {step.revision.path.name} does not name in its Locks line:"
                f" {', '.join(step.unmentioned)}"
            )


def _table(steps: list[Step], out: Output) -> None:
    out.table(
        ("revision", "version", "description", "kind", "about", "rows", "locks"),
        [
            (
                step.revision.revision,
                step.revision.version,
                step.revision.description,
                step.revision.kind,
                duration(step.duration.ms),
                step.rows or None,
                step.locks or "none on tables in use",
            )
            for step in steps
        ],
    )


def _totals(steps: list[Step], out: Output) -> None:
    total = duration(sum(step.duration.ms for step in steps))
    known = sum(step.duration.source == "journal" for step in steps)
    rows = sum(step.rows for step in steps)
    out.line(
        f"\nAbout {total} in all ({known} of {len(steps)} by the journal, the rest"
        f" estimated), about {rows:,} rows to go through."
    )
    locked = any(step.effects.locks for step in steps)
    if locked:
        out.line("Locks are taken without queueing, each for a moment.")


def _undo(steps: list[Step], out: Output) -> None:
    out.line("\nHow each can be undone")
    out.table(
        ("revision", "changes", "complexity", "auto-rollback safe", "the file says"),
        [
            (
                step.revision.revision,
                ", ".join(step.verdict.changes) or "none",
                step.verdict.complexity,
                step.verdict.safe,
                step.revision.rollback or "nothing: ask its author",
            )
            for step in steps
        ],
    )


def _lint(steps: list[Step], out: Output) -> None:
    if lint.program() is None:
        out.line("\nLint: squawk is not installed (pip install squawk-cli).")
        return
    found = [(step.revision.revision, said) for step in steps for said in step.lint]
    out.line(f"\nLint: {len(found) or 'nothing'} found by squawk.")
    if found:
        out.table(("revision", "finding"), found)


def show_impact(steps: list[Step], out: Output) -> None:
    """Print what happens to the data."""
    lines = [line for step in steps for line in step.impact]
    out.line("\nWhat happens to the data")
    if not lines:
        out.line("Nothing: no table or column is touched.")
        return
    out.table(
        ("revision", "what", "rows", "fate"),
        [
            (line.revision, line.what, _rows(line.rows, exact=line.exact), line.fate)
            for line in lines
        ],
    )
    out.line("What is parked comes back with the next upgrade.")


def _rows(rows: int | None, *, exact: bool) -> int | str | None:
    return rows if exact or rows is None else f"about {rows:,}"


def show_sql(steps: list[Step], out: Output) -> None:
    """Print the text of each step."""
    for step in steps:
        out.line(f"\n-- {step.revision.revision}: {step.revision.path.name}\n")
        out.line(step.sql)


def duration(ms: int) -> str:
    """Milliseconds for people: 40 ms, 2.5 s, 3 min 20 s."""
    if ms < 1000:
        return f"{ms} ms"
    if ms < 60_000:
        return f"{ms / 1000:.1f} s"
    minutes, seconds = divmod(round(ms / 1000), 60)
    return f"{minutes} min {seconds} s"
