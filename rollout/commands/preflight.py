"""What can be known before a roll-out begins: PASS, NOTE, WARN or FAIL."""

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from rollout import checks as health
from rollout.checks import Result
from rollout.checks.context import Context
from rollout.commands.planning import Step
from rollout.commands.preflight_looks import LOOKS, Check, Look
from rollout.commands.target import Target
from rollout.sqlstate import INSUFFICIENT_PRIVILEGE, sqlstate

SAME = ("server_version", "connection")
"""Checks of `rollout check` that ask the same here; the others judge otherwise: an
upgrade that is half done, for one, is what deploy goes on with."""
SEVERITY = ("PASS", "WARN", "FAIL")


def checks(target: Target, connection: Connection, steps: list[Step]) -> list[Check]:
    """All of them, in the order of reading. Reads only."""
    same = health.run(Context(target, connection), SAME)
    return [
        *(_of(result) for result in same),
        *(_looked(look, target, connection, steps) for look in LOOKS),
    ]


def _of(result: Result) -> Check:
    """The worst that a check of ``rollout check`` found, with its remedy."""
    finding = max(result.findings, key=lambda finding: SEVERITY.index(finding.status))
    said = ". ".join([finding.summary, *finding.remedy[:1]]).rstrip(".")
    return Check(result.name.removesuffix("-version"), finding.status, said)


def _looked(
    look: Look, target: Target, connection: Connection, steps: list[Step]
) -> Check:
    """One check; what it may not even look at has failed."""
    try:
        return look(target, connection, steps)
    except DBAPIError as error:
        if sqlstate(error) != INSUFFICIENT_PRIVILEGE:
            raise
        name = look.__name__.strip("_").replace("_", " ")
        return Check(name, "FAIL", str(error.orig).strip())
    finally:
        connection.rollback()
