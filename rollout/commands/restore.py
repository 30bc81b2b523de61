"""Bring back a component that ``rollback --only`` took away: table, views, grants."""

import argparse

from sqlalchemy import text

from rollout.commands import components
from rollout.commands.alone import EXISTS
from rollout.commands.output import Output
from rollout.commands.target import Target
from rollout.errors import RolloutError
from rollout.sqltext import split_name

EXAMPLE = "rollout restore snapshots"


def arguments(parser: argparse.ArgumentParser) -> None:
    """NAME."""
    parser.add_argument("name", help="the component, as in rollback --only")


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Do it in one transaction."""
    known = components.configured(target)
    with target.connect() as connection:
        target.current(connection, required=True)
        away = {row["name"]: row for row in components.parked(connection)}
    if args.name not in away:
        if args.name not in known:
            raise components.UnknownComponent(args.name, known)
        raise _not_away(target, args.name, known[args.name])
    table = away[args.name]["table_name"]
    if _is_there(target, table):
        return _settle(target, args.name, table, out)
    views = components.restore(target, args.name, table)
    out.document({"component": args.name, "table": table, "views": views})
    out.line(f"{args.name} is back: table {table}")
    for view in views:
        out.line(f"    view {view}")
    return 0


def _is_there(target: Target, table: str) -> bool:
    with target.connect() as connection:
        return bool(connection.scalar(EXISTS, {"table": table}))


def _not_away(target: Target, name: str, table: str) -> RolloutError:
    _, short = split_name(table)
    if _is_there(target, f"parked.{short}"):
        return RolloutError(
            f"{name} was not taken away by itself: {table} is parked since a rollback"
            " of its revision.\nNothing was changed.\n"
            "The upgrade of that revision brings it back: rollout deploy"
        )
    return RolloutError(
        f"{name} is not parked.\nNothing was changed.\n"
        "To see what is, run: rollout status"
    )


def _settle(target: Target, name: str, table: str, out: Output) -> int:
    """The table came back by a deploy; or somebody made another one meanwhile."""
    _, short = split_name(table)
    if _is_there(target, f"parked.{short}"):
        raise RolloutError(
            f"{table} is there already, and so is parked.{short}.\n"
            "Nothing was changed.\n"
            "Somebody made a new table while the component was away. Look at both,\n"
            f"rename or drop the new one, then run: rollout restore {name}"
        )
    with target.connect() as connection:
        components.forget(connection, name)
        connection.execute(text("SELECT 1"))
        connection.commit()
    out.document({"component": name, "table": table, "views": []})
    out.line(f"{name} is back already: a deploy restored {table}.")
    return 0
