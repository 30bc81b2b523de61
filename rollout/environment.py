"""What ``alembic/env.py`` calls: Alembic as ever, with the layer's protections on.

Source: design, "How a revision runs"; explained in docs/how-it-runs.md.
"""

import random
import sys
import time
from pkgutil import resolve_name
from typing import Any

from alembic import context
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from rollout import bookkeeping, database
from rollout.errors import RolloutError
from rollout.journal import Journal
from rollout.locks import ambient
from rollout.runner_lock import RunnerLock, runner_lock
from rollout.settings import Settings
from rollout.sqlstate import RETRYABLE, sqlstate
from rollout.steps import Steps

WRITING = {"upgrade", "downgrade", "do_stamp", "do_ensure_version"}
"""Alembic's functions that change the database; the others only look."""


def run() -> None:
    """Run the command that Alembic was called with.

    Called from the command line, a refusal is printed and ends with status 1 and no
    traceback; called from a program, it is raised.

    Raises:
        RolloutError: Refused or failed, with what to do next.
    """
    try:
        if context.is_offline_mode():
            _print_script()
        else:
            _run_online()
    except RolloutError as error:
        if getattr(context.config.cmd_opts, "cmd", None) is None:
            raise
        print(f"\n{error}", file=sys.stderr)
        raise SystemExit(1) from None


def _options() -> dict[str, Any]:
    """Alembic's own options, from alembic.ini and fixed ones."""
    config = context.config
    named = {
        option: resolve_name(name)
        for option in ("include_object", "render_item")
        if (name := config.get_main_option(option))
    }
    return named | {
        "target_metadata": resolve_name(config.get_main_option("metadata") or ""),
        "version_table": config.get_main_option("version_table", "alembic_version"),
        "version_table_schema": bookkeeping.SCHEMA,
        "transaction_per_migration": True,
        "compare_server_default": True,
    }


def _settings() -> Settings:
    return Settings.read(context.get_x_argument(as_dictionary=True))


def _journal() -> Journal:
    script = ScriptDirectory.from_config(context.config)
    return Journal(script, context.config.get_main_option("log_table"))


def _print_script() -> None:
    """``--sql``: nothing but SQL on stdout, which psql runs to the same result."""
    journal, options = _journal(), _options()

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
    for statement in bookkeeping.script(_starting_revision()):
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
            database.check_server(connection)
            context.configure(connection=connection, dont_mutate=True, **_options())
            find = context.get_context().opts["fn"]
            if find.__name__ not in WRITING:
                with context.begin_transaction():
                    context.run_migrations()
                return
    except OperationalError as error:
        if error.connection_invalidated or sqlstate(error) is None:
            raise database.connect_error(url, error) from None
        raise
    journal = _journal()
    with runner_lock(engine, settings, _reason()) as lock:
        journal.verify(engine, settings.accept_changed.split(","))
        _guarded(engine, journal, Steps(find, settings), lock, settings)


def _engine(url: URL, settings: Settings) -> Engine:
    """An engine whose every transaction begins with the layer's timeouts.

    SET LOCAL, not options at connect: a transaction pooler keeps no session settings.
    """
    engine = database.create_engine(url, application_name="rollout")

    @event.listens_for(engine, "begin")
    def set_timeouts(connection: Connection) -> None:
        if connection.get_isolation_level() != "AUTOCOMMIT":
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
            with engine.connect() as connection:
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

    context.configure(
        connection=connection,
        fn=steps,
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
    said = str(getattr(error, "orig", error)).strip()
    journal.failed(
        engine, revision, up=steps.upgrading, error=said, started=steps.started
    )
    if isinstance(error, RolloutError):
        return error
    what = "upgrade" if steps.upgrading else "downgrade"
    done = (
        f"done before it: {', '.join(steps.done)}" if steps.done else "none before it"
    )
    return RolloutError(
        f"the {what} of revision {revision} failed: {said}\n"
        f"Its transaction was rolled back ({done}); steps that commit on their own\n"
        "are repeated safely by the next run.\n"
        "If the cause is not plain from the message, the server's log has more.\n"
        f"Mend it, then run the same command again: alembic {what} …"
    )
