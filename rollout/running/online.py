"""A command on a database: one that looks goes through, one that writes is guarded."""

from typing import Any

from alembic import context
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from rollout import bookkeeping, database
from rollout.bookkeeping import damage, histories, unfinished
from rollout.bookkeeping.runner_lock import runner_lock
from rollout.running.engine import engine_of
from rollout.running.failure import unexpected
from rollout.running.guarded import guarded
from rollout.running.options import (
    database_url,
    models,
    new_journal,
    options,
    read_settings,
)
from rollout.running.steps import Steps
from rollout.settings import Settings
from rollout.sqlstate import sqlstate
from rollout.terminal import notice

POOLED = """\
note: a pooler stands between here and the server. A session pooler serves; behind a
transaction pooler (Supabase's port 6543) concurrent index builds are cut off by the
server's statement_timeout. Use the direct connection or port 5432 for large tables."""
WRITING = {"upgrade", "downgrade", "do_stamp", "do_ensure_version"}
"""Alembic's functions that change the database; the others only look."""
STAMP, DOWNGRADE = "do_stamp", "downgrade"


def run_online() -> None:
    """Run the command, and say what it means when the database refuses."""
    settings, url = read_settings(), database_url(context.config)
    engine = engine_of(url, settings)
    try:
        with engine.connect() as connection:
            find = _look(connection)
            if find is not None:
                _change(engine, connection, find, settings)
    except DBAPIError as error:
        if sqlstate(error) is None:
            raise database.connect_error(url, error) from None
        raise unexpected(error) from error


def _change(
    engine: Engine, connection: Connection, find: Any, settings: Settings
) -> None:
    """Do a command that writes, with the runner lock on ``connection``."""
    with runner_lock(engine, settings, _reason(), connection=connection) as lock:
        # Again: another one may just have run.
        histories.refuse_other(lock.working, context.config)
        lock.working.rollback()
        journal = new_journal()
        journal.verify(lock.working, settings.accept_changed.split(","))
        if settings.abandon:
            _abandon(lock.working, settings.abandon, find)
        steps = Steps(find, settings, lock.verify)
        guarded(engine, journal, steps, lock, settings)


def _abandon(connection: Connection, revision: str, find: Any) -> None:
    if find.__name__ != DOWNGRADE:
        raise unfinished.OnlyDowngradesAbandon(revision)
    table = f"{bookkeeping.SCHEMA}.{histories.version_table(context.config)}"
    unfinished.abandon(connection, revision, table)


def _look(connection: Connection) -> Any:
    """Do a command that only looks; return Alembic's function of one that writes."""
    database.check_server(connection)
    histories.refuse_other(connection, context.config)
    connection.rollback()  # an open transaction would be taken for Alembic's own
    context.configure(connection=connection, dont_mutate=True, **options())
    find = context.get_context().opts["fn"]
    if find.__name__ in WRITING:
        if find.__name__ != STAMP:  # which makes anew what is missing
            damage.refuse(connection, context.config)
            connection.rollback()
        if database.is_pooled(connection):
            notice(POOLED)
        return find
    context.get_context().opts.update(models())
    with context.begin_transaction():
        context.run_migrations()
    return None


def _reason() -> str:
    arguments = context.config.cmd_opts
    command = getattr(arguments, "cmd", (None,))[0] if arguments else None
    target = context.get_revision_argument() if command else None
    return f"alembic {getattr(command, '__name__', 'run')} {target or ''}".strip()
