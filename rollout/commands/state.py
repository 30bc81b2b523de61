"""Where a database stands: read once, told by status, by failures, and after Ctrl-C."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from rollout.bookkeeping.runner_lock import KEY
from rollout.commands.revisions import Revision
from rollout.commands.target import Target

BOOKKEEPING = text("SELECT to_regclass('migrations.unfinished') IS NOT NULL")
UNFINISHED = text(
    "SELECT revision, direction, since FROM migrations.unfinished ORDER BY revision"
)
FAILED = text("""
    SELECT version, migration_file, applied_at FROM migrations.schema_versions
    WHERE status = 'failed' ORDER BY applied_at
""")
# The line in migration_locks outlives a holder that was killed; the advisory lock does
# not. Two int4 halves make up its bigint key.
HOLDER = text("""
    SELECT m.locked_by, m.locked_at, m.lock_reason, EXISTS (
        SELECT FROM pg_catalog.pg_locks AS l
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
            AND (l.classid::bigint << 32 | l.objid::bigint) = :key
            AND l.database = (
                SELECT oid FROM pg_catalog.pg_database
                WHERE datname = current_database()
            )
    ) AS alive
    FROM migrations.migration_locks AS m WHERE m.locked_by IS NOT NULL
""")


@dataclass(frozen=True)
class Standing:
    """What a database says about itself. Rows are plain dictionaries."""

    current: Revision | None
    pending: list[Revision]
    unfinished: list[dict[str, Any]]
    failed: list[dict[str, Any]]
    holder: dict[str, Any] | None


def read(target: Target, connection: Connection) -> Standing:
    """Read it; an empty database stands nowhere, with everything pending.

    Raises:
        NewerDatabase: It stands at a revision that is not in this checkout.
    """
    name = target.current(connection)
    current = target.revision(name) if name else None
    names = [r.revision for r in target.revisions]
    pending = target.revisions[names.index(name) + 1 if name else 0 :]
    if not connection.scalar(BOOKKEEPING):
        return Standing(current, pending, [], [], None)
    files = {r.path.name: r.revision for r in target.revisions}
    failed = [
        row | {"revision": files[row["migration_file"]]}
        for row in rows(connection, FAILED)
        if row["migration_file"] in files
    ]
    ours = [row for row in rows(connection, UNFINISHED) if row["revision"] in names]
    holder = rows(connection, HOLDER, key=KEY)
    return Standing(current, pending, ours, failed, holder[0] if holder else None)


def rows(connection: Connection, query: Any, **values: Any) -> list[dict[str, Any]]:
    """The rows of ``query`` as dictionaries."""
    return [dict(row) for row in connection.execute(query, values).mappings()]


def describe(target: Target) -> str:
    """Where the database stands and how to go on, in two or three lines.

    Said after a failure or Ctrl-C, when the operator asks "and now?".
    """
    with target.connect() as connection:
        standing = read(target, connection)
    return describe_standing(target, standing)


def describe_standing(target: Target, standing: Standing) -> str:
    """The same for a standing that was read."""
    if standing.unfinished:
        return where(target, standing)
    on = "Nothing is half done. To go on, run the same command again."
    return f"{where(target, standing)}\n{on}"


def where(target: Target, standing: Standing) -> str:
    """Where it stands, and what is half done."""
    current = standing.current
    name = f"{current.revision} ({current.version})" if current else "no revision yet"
    lines = [f"{target.shown} stands at {name}, {len(standing.pending)} pending."]
    for row in standing.unfinished:
        step = "-1" if row["direction"] == "downgrade" else row["revision"]
        command = "rollback" if row["direction"] == "downgrade" else "deploy"
        lines.append(
            f"The {row['direction']} of {row['revision']} is half done: what it"
            f" committed stands.\nIt goes on where it stopped: rollout {command} {step}"
        )
    return "\n".join(lines)
