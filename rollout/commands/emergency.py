"""Everything back at once, also when some of it is missing; loses nothing.

Each revision is taken back as ever. Where that fails because something is not there
any more, its printed SQL is run statement by statement instead, and what refers to
missing things is left out. The journal's rows are part of that SQL.
"""

import re

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from rollout.bookkeeping.runner_lock import runner_lock
from rollout.commands import script_text, state
from rollout.commands.alone import alone, log
from rollout.commands.output import Output
from rollout.commands.revisions import Revision
from rollout.commands.target import Target
from rollout.errors import RolloutError
from rollout.running.engine import is_autocommit
from rollout.sqlstate import RETRYABLE, sqlstate
from rollout.sqltext import verbatim

MISSING = frozenset({"42P01", "42883", "42704", "42703", "3F000", "42P16"})
"""undefined_table, _function, _object, _column, invalid schema, invalid definition."""
SYNTAX_ERROR = "42601"
"""What PL/pgSQL before 17 says of ``missing_table.id%TYPE``. The printed SQL has no
other: that is tested."""
TRIES = 5
ADDS = re.compile(r"^ALTER TABLE \S+ ADD COLUMN IF NOT EXISTS .*$", re.MULTILINE)


def run(target: Target, revisions: list[Revision], out: Output) -> None:
    """Take ``revisions``, in this order, back.

    Raises:
        RolloutError: One failed for another reason than a missing object.
    """
    _take_half_done_upgrades(target, out)
    for revision in revisions:
        try:
            target.alembic("downgrade", revision.down_revision or "base")
        except RolloutError as error:
            if not is_missing(error):
                raise
            out.notice(
                f"{revision.revision}: something is missing; taking what is there"
            )
            _take_what_is_there(target, revision, out)
    last = revisions[-1].down_revision or "base"
    with alone(target, "rollback --emergency") as transaction:
        log(
            target, transaction.connection, "rollback --emergency", "ROLLBACK",
            f"emergency rollback from {revisions[0].revision} to {last}",
        )  # fmt: skip


def _take_half_done_upgrades(target: Target, out: Output) -> None:
    """An upgrade that was killed between two of its commits; it forbids all else."""
    with target.connect() as connection:
        unfinished = state.read(target, connection).unfinished
    for row in unfinished:
        if row["direction"] == "upgrade":
            out.notice(f"{row['revision']}: half done; taking what is there")
            _take_what_is_there(target, target.revision(row["revision"]), out)


def is_missing(error: BaseException) -> bool:
    """Whether ``error`` comes from an object that is not there."""
    cause = error.__cause__
    return isinstance(cause, DBAPIError) and sqlstate(cause) in MISSING


def _take_what_is_there(target: Target, revision: Revision, out: Output) -> None:
    """Run the revision's downgrade as SQL, leaving out what is missing."""
    before = revision.down_revision or "base"
    down = [
        statement
        for statement in script_text.statements(
            script_text.whole(target, revision.revision, before, up=False)
        )
        if not statement.startswith("DO $start$")  # a half done one stands before it
    ]
    up = script_text.whole(target, before, revision.revision)
    engine = target.engine()
    reason = (
        target.settings.reason or f"rollout rollback --emergency {revision.revision}"
    )
    with runner_lock(engine, target.settings, reason):
        for tries in range(1, TRIES + 1):
            try:
                _give_back_columns(engine, up)
                _run_tolerantly(engine, down, out)
                return
            except DBAPIError as error:
                if sqlstate(error) not in RETRYABLE or tries == TRIES:
                    raise


def _give_back_columns(engine: Engine, up: str) -> None:
    """Add missing columns, empty, so that those that are left can be parked."""
    for statement in ADDS.findall(up):
        with engine.begin() as connection:
            if not _tolerated(connection, statement.rstrip(";")):
                connection.rollback()


def _run_tolerantly(engine: Engine, statements: list[str], out: Output) -> None:
    """A small psql: BEGIN and COMMIT as written, the rest each in a savepoint.

    What stands outside BEGIN … COMMIT, such as CONCURRENTLY, commits by itself.
    """
    alone = engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as within, alone.connect() as outside:
        inside = False
        for statement in statements:
            if statement.upper() in ("BEGIN", "COMMIT"):
                inside = statement.upper() == "BEGIN"
                within.commit()
                continue
            if not _tolerated(within if inside else outside, statement):
                out.notice(f"  not there, left out: {' '.join(statement.split())[:90]}")


def _tolerated(connection: Connection, statement: str) -> bool:
    """Execute; False if it refers to something missing."""
    try:
        if is_autocommit(connection):
            connection.execute(verbatim(statement))
            return True
        with connection.begin_nested():
            connection.execute(verbatim(statement))
    except DBAPIError as error:
        if sqlstate(error) not in MISSING | {SYNTAX_ERROR}:
            raise
        return False
    return True
