"""The schema's own validation: the function that alembic.ini names."""

from typing import cast, get_args

from rollout.checks.context import Context
from rollout.checks.finding import Finding, Status, failed, passed, warned
from rollout.commands import validation

TITLE = "the schema's own validation function"


def run(context: Context) -> list[Finding]:
    """Call the function of the option ``validate`` and pass its rows through."""
    function = context.target.option("validate")
    if not function:
        return [passed("alembic.ini names none (option validate)")]
    rows = validation.run(context.target, context.connection)
    if rows is None:
        return [_missing(context, function)]
    return [
        Finding(
            cast(Status, row.status) if row.status in get_args(Status) else "WARN",
            f"{row.check_name}: {row.details}",
            remedy=() if row.status == "PASS" else (f"SELECT * FROM {function}();",),
        )
        for row in rows
    ] or [warned(f"{function}() checked nothing: it gave no row")]


def _missing(context: Context, function: str) -> Finding:
    current = context.target.current(context.connection)
    if current in context.target.heads:
        summary = f"{function}() is missing"
        return failed(summary, remedy=["rollout check catalog-drift"])
    return warned(
        f"{function}() is not there at revision {current}", remedy=["rollout deploy"]
    )
