"""The roll-out itself: revision by revision, then the validation."""

import time

from rollout.commands import state, validation
from rollout.commands.output import Output
from rollout.commands.planning import Step
from rollout.commands.rollback_rate import RollbackRate
from rollout.commands.target import Target
from rollout.errors import RolloutError


def upgrade(
    target: Target, steps: list[Step], rate: RollbackRate, out: Output
) -> list[tuple[Step, int]]:
    """Run revision by revision; each with its milliseconds.

    Raises:
        RolloutError: One failed, or too many transactions are being rolled back.
    """
    done: list[tuple[Step, int]] = []
    for number, step in enumerate(steps, 1):
        out.notice(f"[{number}/{len(steps)}] {step.revision.revision} …")
        began = time.monotonic()
        try:
            target.alembic("upgrade", step.revision.revision)
        except RolloutError as error:
            raise RolloutError(f"{error}\n\n{_so_far(target, done)}") from error
        done.append((step, round((time.monotonic() - began) * 1000)))
        if said := rate.exceeded():
            advice = (
                "The application may not cope with the new schema: look at its errors."
            )
            if number == len(steps):
                out.notice(f"notice: {said}.\n{advice}")
            else:
                raise RolloutError(
                    f"stopped: {said}.\n{_so_far(target, done)}\n{advice}"
                )
    return done


def _so_far(target: Target, done: list[tuple[Step, int]]) -> str:
    """What state things are in when a roll-out stops half-way, and how to go on."""
    names = ", ".join(step.revision.revision for step, _ in done) or "none"
    first = done[0][0].revision.down_revision if done else None
    back = (
        f"\nTo take this run back: rollout rollback {first or 'base'}" if done else ""
    )
    return f"Done in this run: {names}.\n{state.describe(target)}{back}"


def validate(target: Target, out: Output) -> list[validation.Result]:
    """Run the schema's validation.

    Raises:
        RolloutError: It found a FAIL.
    """
    with target.connect() as connection:
        results = validation.run(target, connection)
    if results is None:
        out.line("\nValidation: there is no validation function at this revision.")
        return []
    out.line("\nValidation")
    rows = [(r.check_name, r.status, r.details) for r in results]
    out.table(("check", "status", "details"), rows)
    if failed := [r for r in results if r.status == "FAIL"]:
        raise RolloutError(
            f"validation failed: {failed[0].check_name}: {failed[0].details}.\n"
            f"The revisions are applied. {state.describe(target)}\n"
            "To see more, run: rollout check\nTo take it back, run: rollout plan -1"
        )
    return results
