"""The schema's own validation: option ``validate`` in alembic.ini."""

import re
from dataclasses import dataclass

from sqlalchemy import Connection, text

from rollout.commands.target import Target
from rollout.errors import RolloutError


@dataclass(frozen=True)
class Result:
    """One row of the function: check_name, status (PASS, WARN, FAIL), details."""

    check_name: str
    status: str
    details: str


def run(target: Target, connection: Connection) -> list[Result] | None:
    """What the function says; None if there is no such function (yet).

    Raises:
        RolloutError: The option names something that is no function's name.
    """
    name = target.option("validate")
    if not name:
        return None
    if not re.fullmatch(r"\w+\.\w+", name):
        raise RolloutError(
            f"validate = {name} in alembic.ini is no name like public.validate_it.\n"
            "Nothing was validated.\nWrite schema and function, without parentheses."
        )
    known = text("SELECT to_regprocedure(:name) IS NOT NULL")
    if not connection.scalar(known, {"name": f"{name}()"}):
        return None
    query = text(f"SELECT check_name, status, details FROM {name}()")
    return [Result(*row) for row in connection.execute(query)]
