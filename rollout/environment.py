"""What ``alembic/env.py`` calls: Alembic as ever, with the layer's protections on.

Source: design, "How a revision runs"; explained in docs/how-it-runs.md.
"""

import os
import random
import sys
import time
from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any

from alembic import context
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, MetaData, event
from sqlalchemy.exc import DBAPIError, OperationalError

from rollout import bookkeeping, database, hints
from rollout.bookkeeping import histories, unfinished
from rollout.bookkeeping.journal import Journal
from rollout.bookkeeping.runner_lock import RunnerLock, runner_lock
from rollout.errors import RolloutError
from rollout.running import interrupts
from rollout.running.locks import LockWaitTimeout, ambient
from rollout.running.steps import Steps
from rollout.settings import Settings
from rollout.sqlstate import RAISE_EXCEPTION, RETRYABLE, sqlstate
from rollout.terminal import notice

INTERRUPTED = """\
The revision in progress was rolled back; earlier ones stand, and steps that commit on
their own (batches, concurrent indexes) are repeated safely.
Run the same command again to go on."""

POOLED = """\
note: a pooler stands between here and the server. A session pooler serves; behind a
transaction pooler (Supabase's port 6543) concurrent index builds are cut off by the
server's statement_timeout. Use the direct connection or port 5432 for large tables."""

WRITING = {"upgrade", "downgrade", "do_stamp", "do_ensure_version"}
"""Alembic's functions that change the database; the others only look."""


def run() -> None:
    """Run the command that Alembic was called with.

    Called from the command line, a refusal is printed and ends with status 1 and no
    traceback; called from a program, it is raised.

    Raises:
        RolloutError: Refused or failed, with what to do next.
    """
    from_command_line = getattr(context.config.cmd_opts, "cmd", None) is not None
    try:
        if context.is_offline_mode():
            _print_script()
        elif from_command_line:
            with interrupts.heard():
                _run_online()
        else:
            _run_online()
    except RolloutError as error:
        if not from_command_line:
            raise
        said = hints.of_section(str(error), context.config.config_ini_section)
        print(f"\n{said}", file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:  # --sql | psql, and psql has stopped and said why
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except KeyboardInterrupt as error:
        if not from_command_line:
            raise
        print(f"\n{interrupts.said(error)}\n{INTERRUPTED}", file=sys.stderr)
        raise SystemExit(interrupts.status(error)) from None


def _options() -> dict[str, Any]:
    """Alembic's own options, from alembic.ini and fixed ones."""
    return {
        "version_table": histories.version_table(context.config),
        "version_table_schema": bookkeeping.SCHEMA,
        "transaction_per_migration": True,
        "compare_server_default": True,
    }


def _models() -> dict[str, Any]:
    """Options that import the models: a fifth of a second, not for everybody.

    ``check`` and ``--autogenerate`` need them all, a revision the naming conventions.
    """
    option = context.config.get_main_option
    named = {
        name: resolve_name(value)
        for name in ("include_object", "render_item")
        if (value := option(name))
    }
    metadata = resolve_name(option("metadata") or "")
    if option("include_schemas") == "true":
        named |= {"include_schemas": True, "include_name": _of_schemas(metadata)}
    return named | {"target_metadata": metadata}


def _of_schemas(metadata: MetaData) -> Callable[[str | None, str, Any], bool]:
    """Have Alembic compare the models' schemas, and look at no others."""
    ours = {table.schema for table in metadata.tables.values()}
    return lambda name, type_, parents: type_ != "schema" or name in ours


def _settings() -> Settings:
    return Settings.read(context.get_x_argument(as_dictionary=True))


def _journal() -> Journal:
    return Journal(context.script, context.config.get_main_option("log_table"))


def _print_script() -> None:
    """``--sql``: nothing but SQL on stdout, which psql runs to the same result."""
    journal, options = _journal(), _options() | _models()

    def applied(ctx: Any, step: Any, heads: Any, run_args: Any) -> None:
        journal.applied(ctx, _revision(step), up=step.is_upgrade, started=None)

    # Twice: only the first shows Alembic's own function, which the steps wrap.
    script = {
        "dialect_name": "postgresql",
        "literal_binds": True,
        "dialect_opts": {"paramstyle": "named"},  # pyformat would double every %
        "on_version_apply": applied,
        **options,
    }
    context.configure(**script)
    steps = Steps(context.get_context().opts["fn"], _settings())
    context.configure(**script, fn=steps)
    output = context.get_context().impl.static_output
    table = histories.version_table(context.config)
    for statement in bookkeeping.script(_starting_revision(), table):
        output(statement)
    with context.begin_transaction():
        context.run_migrations()


def _starting_revision() -> str | None:
    start = context.get_starting_revision_argument()
    return start if start is None or isinstance(start, str) else ", ".join(start)


def database_url(config: Config) -> URL:
    """The database to work on: see :func:`rollout.database.resolve_url`."""
    return database.resolve_url(
        explicit=config.attributes.get("database_url"),
        configured=config.get_main_option("sqlalchemy.url"),
        embedded_database=config.get_main_option("database") or "portfolio",
    )


def _run_online() -> None:
    settings, url = _settings(), database_url(context.config)
    engine = _engine(url, settings)
    try:
        with engine.connect() as connection:
            find = _look(connection)
            if find is not None:
                _change(engine, connection, find, settings)
    except OperationalError as error:
        if sqlstate(error) is None:
            raise database.connect_error(url, error) from None
        raise _unexpected(error) from error
    except DBAPIError as error:
        raise _unexpected(error) from error


def _change(
    engine: Engine, connection: Connection, find: Any, settings: Settings
) -> None:
    """Do a command that writes, with the runner lock on ``connection``."""
    with runner_lock(engine, settings, _reason(), connection=connection) as lock:
        # Again: another one may just have run.
        histories.refuse_other(lock.working, context.config)
        lock.working.rollback()
        journal = _journal()
        journal.verify(lock.working, settings.accept_changed.split(","))
        if settings.abandon:
            _abandon(lock.working, settings.abandon)
        steps = Steps(find, settings, lock.verify)
        _guarded(engine, journal, steps, lock, settings)


def _abandon(connection: Connection, revision: str) -> None:
    options = _options()
    table = f"{options['version_table_schema']}.{options['version_table']}"
    unfinished.abandon(connection, revision, table)


def _look(connection: Connection) -> Any:
    """Do a command that only looks; return Alembic's function of one that writes."""
    database.check_server(connection)
    histories.refuse_other(connection, context.config)
    connection.rollback()  # an open transaction would be taken for Alembic's own
    context.configure(connection=connection, dont_mutate=True, **_options())
    find = context.get_context().opts["fn"]
    if find.__name__ in WRITING:
        if database.is_pooled(connection):
            notice(POOLED)
        return find
    context.get_context().opts.update(_models())
    with context.begin_transaction():
        context.run_migrations()
    return None


def _unexpected(error: DBAPIError) -> RolloutError:
    """A database error outside of any revision: permissions, mostly."""
    return RolloutError(
        f"the database refused: {_said(error)}\n"
        "No revision was running, and none was changed.\n"
        "The role may lack a permission: it must be allowed to create schemas in this\n"
        "database. See docs/supabase.md, then run the same command again."
    )


def _said(error: Exception) -> str:
    """What the server said, with its detail and hint, without the context."""
    diag = getattr(getattr(error, "orig", None), "diag", None)
    if diag is None or not diag.message_primary:
        return str(getattr(error, "orig", None) or error).strip()
    parts = (diag.message_primary, diag.message_detail, diag.message_hint)
    return "\n".join(part for part in parts if part)


def _engine(url: URL, settings: Settings) -> Engine:
    """An engine whose every transaction begins with the layer's timeouts.

    SET LOCAL, not options at connect: a transaction pooler keeps no session settings.
    """
    engine = database.create_engine(url, application_name="rollout")

    @event.listens_for(engine, "begin")
    def set_timeouts(connection: Connection) -> None:
        # Not get_isolation_level(): that asks the server, which knows no AUTOCOMMIT.
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql(
                f"{ambient(settings.lock_try_ms)}; SET LOCAL statement_timeout = 0; "
                "SET LOCAL idle_in_transaction_session_timeout = 0"
            )

    return engine


def _reason() -> str:
    arguments = context.config.cmd_opts
    command = getattr(arguments, "cmd", (None,))[0] if arguments else None
    target = context.get_revision_argument() if command else None
    return f"alembic {getattr(command, '__name__', 'run')} {target or ''}".strip()


def _guarded(
    engine: Engine, journal: Journal, steps: Steps, lock: RunnerLock, settings: Settings
) -> None:
    """Run the steps; one that only waited for somebody's lock is tried again."""
    first_try_s = time.monotonic()
    while True:
        try:
            with lock.working if steps.attempt == 1 else engine.connect() as connection:
                _run_steps(connection, journal, steps, lock)
            return
        except (DBAPIError, RolloutError) as error:
            if steps.attempt == 1:
                first_try_s = steps.started
            waited_s = time.monotonic() - first_try_s
            if not _passing(error) or waited_s >= settings.lock_wait_s:
                raise _failure(engine, journal, steps, error) from error
            steps.attempt += 1
            time.sleep(random.uniform(0.02, 0.1) * min(steps.attempt, 10))


def _run_steps(
    connection: Connection, journal: Journal, steps: Steps, lock: RunnerLock
) -> None:
    def applied(ctx: Any, step: Any, heads: Any, run_args: Any) -> None:
        lock.verify()
        if step.is_stamp:
            journal.stamped(ctx, heads)
            return
        revision = _revision(step)
        journal.applied(ctx, revision, up=step.is_upgrade, started=steps.started)
        steps.finished(journal.file(revision))

    def remaining(heads: Any, ctx: Any) -> list[Any]:
        found = steps(heads, ctx)
        if found:
            ctx.opts.update(_models())  # now, while no lock is held
            if heads:  # nothing was written yet: the revision begins after the import
                connection.rollback()
        return found

    context.configure(
        connection=connection,
        fn=remaining,
        on_version_apply=applied,
        dont_mutate=False,
        **_options(),
    )
    with context.begin_transaction():
        context.run_migrations()


def _revision(step: Any) -> str:
    """The revision that a step goes through, in either direction."""
    revision: str = step.up_revision_id
    return revision


def _passing(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and sqlstate(error) in RETRYABLE


def _failure(
    engine: Engine, journal: Journal, steps: Steps, error: Exception
) -> Exception:
    """Write the failure down and say what state things are in."""
    revision = steps.current
    if revision is None:
        return error
    said = _said(error)
    journal.failed(
        engine, revision, up=steps.upgrading, error=said, started=steps.started
    )
    if isinstance(error, RolloutError):
        return error
    if isinstance(error.__cause__, LockWaitTimeout):
        return error.__cause__
    what = "upgrade" if steps.upgrading else "downgrade"
    before = f"done before it: {', '.join(steps.done)}" if steps.done else "none before"
    refused = isinstance(error, DBAPIError) and sqlstate(error) == RAISE_EXCEPTION
    how = "refused" if refused else "failed"
    return RolloutError(
        f"the {what} of revision {revision} {how}: {said}\n"
        f"It was rolled back ({before}); steps that commit on their own are\n"
        "repeated safely by the next run.\n"
        f"Mend the cause, then run the same command again: alembic {what} …"
    )
