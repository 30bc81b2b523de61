"""What ``deploy`` looks at before it begins, one function a line of its table."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, text

from rollout.bookkeeping.journal import Journal
from rollout.bookkeeping.revision_file import RevisionChanged
from rollout.commands import state
from rollout.commands.planning import Step
from rollout.commands.target import Target

LONG_S = 30.0
"""A transaction that is open for longer may hold locks, and CREATE INDEX CONCURRENTLY
waits for it to end."""

RIGHTS = text("""
    SELECT has_database_privilege(current_database(), 'CREATE') AS make_schemas,
        coalesce(has_schema_privilege(to_regnamespace('public'), 'CREATE'), false)
            AS make_tables,
        current_user AS name
""")
NOT_OWNED = text("""
    SELECT c.oid::regclass::text AS name, pg_get_userbyid(c.relowner) AS owner,
        has_table_privilege(c.oid, 'REFERENCES')
            AND has_table_privilege(c.oid, 'TRIGGER') AS may_refer
    FROM unnest(CAST(:tables AS text[])) AS t, pg_catalog.pg_class AS c
    WHERE c.oid = to_regclass(t) AND NOT pg_has_role(c.relowner, 'USAGE')
""")
LONG = text("""
    SELECT pid, usename, extract(epoch FROM now() - xact_start) AS age_s
    FROM pg_catalog.pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND now() - xact_start > make_interval(secs => :seconds)
        AND application_name <> 'rollout'
    ORDER BY xact_start LIMIT 3
""")
SIZE = text("""
    SELECT pg_size_pretty(pg_database_size(current_database())),
        (SELECT pg_size_pretty(coalesce(sum(pg_table_size(to_regclass(t))), 0))
            FROM unnest(CAST(:tables AS text[])) AS t)
""")
JOURNAL = text("SELECT to_regclass('migrations.schema_versions') IS NOT NULL")
COMPONENTS = text("SELECT to_regclass('parked.components') IS NOT NULL")


@dataclass(frozen=True)
class Check:
    """One line: what was looked at, how it stands, and what to do about it."""

    name: str
    status: str
    details: str


def _permissions(target: Target, connection: Connection, steps: list[Step]) -> Check:
    row = connection.execute(RIGHTS).one()
    lacking = ["CREATE on the database"] * (not row.make_schemas)
    lacking += ["CREATE on schema public"] * (not row.make_tables)
    if lacking and steps:
        return Check("rights", "FAIL", f"{row.name} lacks {' and '.join(lacking)}")
    return Check("rights", "PASS", f"{row.name} may create schemas and tables")


def _tables(target: Target, connection: Connection, steps: list[Step]) -> Check:
    """Tables that are altered must be ours; those referred to need two rights."""
    tables = {table for step in steps for table in step.effects.locks}
    altered = {
        table
        for step in steps
        for table, mode in step.effects.locks.items()
        if mode == "ACCESS EXCLUSIVE"
    }
    rows = connection.execute(NOT_OWNED, {"tables": sorted(tables)}).all()
    bad = [
        f"{row.name} (owner {row.owner})"
        for row in rows
        if not row.may_refer or row.name in altered or f"public.{row.name}" in altered
    ]
    if bad:
        return Check("tables in use", "FAIL", f"no right to change {', '.join(bad)}")
    text_ = f"{len(tables)} to be locked for moments" if tables else "none is touched"
    return Check("tables in use", "PASS", text_)


def _files(target: Target, connection: Connection, steps: list[Step]) -> Check:
    """A released revision never changes; the upgrade itself refuses it, too."""
    if not connection.scalar(JOURNAL):
        return Check("files", "PASS", "nothing is applied yet")
    try:
        Journal(target.script, None).verify(connection, ())
    except RevisionChanged as error:
        accepted = error.revision in target.settings.accept_changed.split(",")
        text_ = f"{error.revision} has changed since it was applied"
        if accepted:
            return Check("files", "NOTE", f"{text_}; accepted by -x accept_changed")
        return Check("files", "FAIL", text_)
    return Check("files", "PASS", "as they were applied")


def _unfinished(target: Target, connection: Connection, steps: list[Step]) -> Check:
    half = state.read(target, connection).unfinished
    up = [row["revision"] for row in half if row["direction"] == "upgrade"]
    down = [row["revision"] for row in half if row["direction"] == "downgrade"]
    if down:
        text_ = f"the downgrade of {down[0]} is half done; finish it: rollout rollback"
        return Check("half done", "FAIL", text_)
    if up:
        text_ = f"the upgrade of {up[0]} goes on where it stopped"
        return Check("half done", "NOTE", text_)
    return Check("half done", "PASS", "no revision was interrupted")


def _failed(target: Target, connection: Connection, steps: list[Step]) -> Check:
    failed = [row["revision"] for row in state.read(target, connection).failed]
    if failed:
        text_ = f"failed last time, tried again now: {', '.join(failed)}"
        return Check("failed before", "WARN", text_)
    return Check("failed before", "PASS", "none")


def _lock_holder(target: Target, connection: Connection, steps: list[Step]) -> Check:
    holder = state.read(target, connection).holder
    if holder and holder["alive"]:
        return Check("other runner", "WARN", f"{holder['locked_by']} is at work")
    if holder:
        text_ = f"a dead one's line ({holder['locked_by']}) is taken over"
        return Check("other runner", "NOTE", text_)
    return Check("other runner", "PASS", "none")


def _long_transactions(
    target: Target, connection: Connection, steps: list[Step]
) -> Check:
    rows = connection.execute(LONG, {"seconds": LONG_S}).all()
    if rows:
        who = ", ".join(f"pid {r.pid} ({r.usename}, {r.age_s:.0f} s)" for r in rows)
        text_ = f"{who}: locks may have to wait. To see more: rollout doctor"
        return Check("long transactions", "WARN", text_)
    return Check("long transactions", "PASS", f"none over {LONG_S:.0f} s")


def _disk(target: Target, connection: Connection, steps: list[Step]) -> Check:
    """The server does not tell SQL how much disk is free."""
    tables = sorted(
        {t for s in steps for t in [*s.effects.sources, *s.effects.indexed]}
    )
    whole, read = connection.execute(SIZE, {"tables": tables}).one()
    text_ = f"free space is not knowable from here; database {whole}"
    if tables:
        text_ += f", tables that are read or indexed {read}: keep as much free"
    return Check("disk", "NOTE", text_)


def _components(target: Target, connection: Connection, steps: list[Step]) -> Check:
    if connection.scalar(COMPONENTS):
        query = text("SELECT name FROM parked.components ORDER BY name")
        names = ", ".join(connection.scalars(query))
        if names:
            text_ = f"taken away by rollback --only: {names}. First: rollout restore"
            return Check("components", "WARN", text_)
    return Check("components", "PASS", "all in place")


Look = Callable[[Target, Connection, list[Step]], Check]
LOOKS: tuple[Look, ...] = (
    _permissions, _tables, _files, _unfinished, _failed,
    _lock_holder, _long_transactions, _disk, _components,
)  # fmt: skip
"""In the order of reading. They read only."""
