"""Empty the schema parked, for good, after showing what goes.

Only what this schema's revisions and components parked goes; a table that somebody else
put there stays.
"""

import argparse
import datetime as dt

from rollout.commands import components, parked
from rollout.commands.alone import alone, log
from rollout.commands.arguments import between
from rollout.commands.output import Output
from rollout.commands.parked import Parked
from rollout.commands.target import Target
from rollout.errors import RolloutError
from rollout.running.locks import LockWaitTimeout, until_granted
from rollout.sqltext import split_name

EXAMPLE = "rollout purge\nrollout purge --older-than 90 --yes"
DAY_S = 86_400


def arguments(parser: argparse.ArgumentParser) -> None:
    """--older-than and --yes."""
    parser.add_argument(
        "--older-than", metavar="DAYS", type=between(0, 100_000),
        help="only what was parked at least so many days ago",
    )  # fmt: skip
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(target: Target, args: argparse.Namespace, out: Output) -> int:
    """Show, ask, drop: each table in a transaction of its own."""
    now = dt.datetime.now(dt.UTC)
    with target.connect() as connection:
        target.current(connection, required=True)
        found = parked.tables(target, connection)
        going = [table for table in found if _old_enough(table, args.older_than, now)]
        names = [table.name for table in going]
        functions = parked.functions(target, connection, names)
        away = [c for c in components.parked(connection) if _is_in(c, going)]
    kept = [table for table in found if table not in going]
    _show(going, functions, kept, now, out)
    if not going and not functions:
        out.document({"dropped": [], "kept": [table.name for table in kept]})
        out.line("Nothing was changed: there is nothing to purge.")
        return 0
    for component in away:
        out.notice(
            f"warning: component {component['name']} can then not be restored; only a"
            " rollback and deploy of its revision makes its table again, empty"
        )
    rows = sum(table.rows for table in going)
    question = (
        f"Drop {len(going)} tables with {rows:,} rows of {target.shown} for good?"
    )
    if not out.confirm(question, yes=args.yes):
        out.line("Nothing was changed.")
        return 1
    _drop(target, going, functions, [c["name"] for c in away])
    names = [table.name for table in going]
    out.document({"dropped": names + functions, "kept": [t.name for t in kept]})
    out.line(f"Dropped: {', '.join(names + functions)}.")
    return 0


def _old_enough(table: Parked, days: float | None, now: dt.datetime) -> bool:
    if table.by is None:
        return False
    if days is None:
        return True
    return (
        table.since is not None and (now - table.since).total_seconds() >= days * DAY_S
    )


def _is_in(component: dict[str, str], going: list[Parked]) -> bool:
    return split_name(component["table_name"])[1] in {table.name for table in going}


def _show(
    going: list[Parked],
    functions: list[str],
    kept: list[Parked],
    now: dt.datetime,
    out: Output,
) -> None:
    fates = [(table, "goes") for table in going] + [(table, "stays") for table in kept]
    rows: list[tuple[object, ...]] = [
        (f"parked.{t.name}", t.rows, t.bytes, t.by, t.since, _age(t, now), fate)
        for t, fate in fates
    ]
    rows += [(name, None, None, None, None, None, "goes") for name in functions]
    if rows:
        columns = ("what", "rows", "bytes", "revision", "parked at", "days ago", "fate")
        out.table(columns, rows)
        out.line()


def _age(table: Parked, now: dt.datetime) -> int | None:
    return (now - table.since).days if table.since else None


def _drop(
    target: Target, going: list[Parked], functions: list[str], away: list[str]
) -> None:
    """Drop one by one.

    DROP TABLE of a table with a foreign key to auth.users takes ACCESS EXCLUSIVE on
    auth.users too, and LOCK TABLE may not be permitted there: so the statement itself
    is tried under a lock_timeout of some milliseconds.

    Raises:
        RolloutError: A lock was not to be had; what was dropped before is gone.
    """
    done: list[str] = []
    with alone(target, "purge") as transaction:
        for table in parked.drop_order(going):
            name = f'parked."{table.name}"'
            try:
                until_granted(
                    transaction.connection, f"DROP TABLE {name}", tables=(name,),
                    mode="ACCESS EXCLUSIVE",
                )  # fmt: skip
            except LockWaitTimeout as error:
                gone = ", ".join(done) or "nothing"
                raise RolloutError(f"{error}\nDropped before it: {gone}.") from error
            transaction.commit()
            done.append(table.name)
        for function in functions:
            transaction.connection.exec_driver_sql(f"DROP FUNCTION {function}")
        for component in away:
            components.forget(transaction.connection, component)
        log(
            target, transaction.connection, "purge", "PURGE",
            f"dropped {', '.join([*done, *functions])}",
        )  # fmt: skip
