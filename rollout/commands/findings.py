"""Showing findings: a table, then what is behind each, then a sum."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from rollout.checks import Result
from rollout.checks.finding import Finding
from rollout.commands.output import Output
from rollout.commands.target import Target
from rollout.sqlstate import INSUFFICIENT_PRIVILEGE, sqlstate


def refuse_strangers(
    target: Target, connection: Connection, *, required: bool = True
) -> bool:
    """Refuse a database without bookkeeping, or one that is newer than this checkout.

    Returns:
        Whether the role may look there; where not, each check says so by itself.

    Raises:
        NotOurs: There is no bookkeeping, and it is required.
        NewerDatabase: It stands at a revision that is not in this checkout.
    """
    try:
        target.current(connection, required=required)
        return True
    except DBAPIError as error:
        if sqlstate(error) != INSUFFICIENT_PRIVILEGE:
            raise
        return False
    finally:
        connection.rollback()


def show(results: Sequence[Result], out: Output, *, what: str = "check") -> int:
    """Print ``results``; return the exit status: 1 if any says FAIL."""
    pairs = [(result.name, f) for result in results for f in result.findings]
    out.table([what, "result", "found"], [(n, f.status, f.summary) for n, f in pairs])
    for name, finding in pairs:
        _behind(name, finding, out)
    counts = Counter(worst(result.findings) for result in results)
    summary = ", ".join(f"{counts[s]} {s}" for s in ("PASS", "WARN", "FAIL"))
    out.line(f"\n{len(results)} {what}s: {summary}")
    out.document(
        {
            "findings": [{"name": n, **vars(f)} for n, f in pairs],
            "summary": {s: counts[s] for s in ("PASS", "WARN", "FAIL")},
        }
    )
    return 1 if counts["FAIL"] else 0


def worst(findings: Sequence[Finding]) -> str:
    """The worst status among ``findings``."""
    return max((f.status for f in findings), key=("PASS", "WARN", "FAIL").index)


def _behind(name: str, finding: Finding, out: Output) -> None:
    """The details, and what mends it; of a PASS only what it lists."""
    if not finding.details and not finding.remedy:
        return
    out.line(f"\n{name}: {finding.status}")
    for text in finding.details:
        for line in text.splitlines():
            out.line(f"  {line}")
    for number, text in enumerate(finding.remedy):
        first, *more = text.splitlines()
        out.line(f"  {'to mend:' if number == 0 else '        '} {first}")
        for line in more:
            out.line(f"           {line}")
