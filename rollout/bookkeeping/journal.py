"""What was done to the database: ``migrations.schema_versions`` and the project's log.

schema_versions has one row a revision, in the revision's own transaction. The log (the
spec's public.migration_log, named in alembic.ini) has one row for every operation, once
the revision that makes it has run. Failures are written on a connection of their own.
"""

import time
from collections.abc import Iterable

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from rollout.bookkeeping.revision_file import RevisionChanged, RevisionFile
from rollout.bookkeeping.unfinished import forget_all
from rollout.sqltext import literal, verbatim
from rollout.terminal import notice

ELAPSED_MS = (
    "(extract(epoch FROM clock_timestamp() - transaction_timestamp()) * 1000)::int"
)
"""Offline only the server knows how long a revision took."""

UPSERT = """\
INSERT INTO migrations.schema_versions AS v (
    version, description, migration_file, rollback_file, execution_time_ms, checksum,
    status
) VALUES ({version}, {description}, {file}, {file}, {ms}, {checksum}, {status})
ON CONFLICT (version) DO UPDATE SET description = EXCLUDED.description,
    migration_file = EXCLUDED.migration_file, rollback_file = EXCLUDED.rollback_file,
    applied_at = now(), applied_by = current_user,
    execution_time_ms = EXCLUDED.execution_time_ms, checksum = EXCLUDED.checksum,
    status = EXCLUDED.status"""

NOT_STANDING = """\
UPDATE migrations.schema_versions SET status = 'rolled_back', execution_time_ms = NULL
WHERE version = {version} AND status <> 'rolled_back'"""

LOG = """\
DO $log$
BEGIN
    IF to_regclass({table_name}) IS NOT NULL THEN
        INSERT INTO {table} (
            migration_file, operation, description, execution_time_ms, success,
            error_message
        ) VALUES ({file}, {operation}, {description}, {ms}, {success}, {error});
    END IF;
END
$log$"""


class Journal:
    """Writes both tables; ``log_table`` is None for a schema without a log."""

    def __init__(self, script: ScriptDirectory, log_table: str | None) -> None:
        self._script, self._log_table = script, log_table

    def file(self, revision: str) -> RevisionFile:
        """The revision's file."""
        return RevisionFile.of(self._script.get_revision(revision))

    def _module(self, revision: str) -> object:
        return self._script.get_revision(revision).module

    def verify(self, connection: Connection, accept: Iterable[str]) -> None:
        """Compare the files of applied revisions with what was applied.

        Commits what it accepts; leaves no transaction open.

        Raises:
            RevisionChanged: One differs and is not in ``accept``.
        """
        accepted = set(accept)
        rows = connection.execute(
            text(
                "SELECT version, checksum FROM migrations.schema_versions "
                "WHERE status = 'applied' AND checksum IS NOT NULL"
            )
        )
        recorded = {row.version: row.checksum for row in rows}
        connection.rollback()
        for script in self._script.walk_revisions():
            file = RevisionFile.of(script)
            checksum = recorded.get(file.version)
            if checksum in (None, file.checksum):
                continue
            if file.revision not in accepted:
                raise RevisionChanged(file, str(checksum))
            self._rehash(connection, file)

    def _rehash(self, connection: Connection, file: RevisionFile) -> None:
        connection.execute(
            text(
                "UPDATE migrations.schema_versions SET checksum = :checksum "
                "WHERE version = :version"
            ),
            {"checksum": file.checksum, "version": file.version},
        )
        connection.commit()
        notice(f"accepted the changed file of revision {file.revision}")

    def applied(
        self,
        context: MigrationContext,
        revision: str,
        *,
        up: bool,
        started: float | None,
    ) -> None:
        """Record one revision, in its own transaction, online or as printed SQL."""
        file = self.file(revision)
        ms = _elapsed(context, started)
        self._execute(context, _upsert(file, "applied" if up else "rolled_back", ms))
        operation = _operation(self._module(revision), up)
        self._log(context, file, operation, file.description, ms)

    def stamped(self, context: MigrationContext, heads: Iterable[str]) -> None:
        """Make schema_versions say what ``alembic stamp`` said, without durations."""
        standing = {
            script.revision
            for script in self._script.iterate_revisions(tuple(heads) or "base", "base")
        }
        for script in reversed(list(self._script.walk_revisions())):
            file = RevisionFile.of(script)
            if script.revision in standing:
                sql = _upsert(file, "applied", "NULL", note=" (stamped)")
                self._execute(context, f"{sql}\nWHERE v.status <> 'applied'")
            else:
                sql = NOT_STANDING.format(version=literal(file.version))
                self._execute(context, sql)
        if context.connection is not None:
            forget_all(context.connection)
        where = ", ".join(heads) or "base"
        self._log(context, None, "STAMP", f"stamped at {where}", "NULL")

    def failed(
        self, engine: Engine, revision: str, *, up: bool, error: str, started: float
    ) -> None:
        """Record a failure; a revision that stands keeps its status.

        A failed downgrade leaves the revision applied, so only the log tells of it.
        """
        file, ms = self.file(revision), str(int((time.monotonic() - started) * 1000))
        try:
            with engine.begin() as connection:
                if up:
                    connection.execute(verbatim(_upsert(file, "failed", ms)))
                if self._log_table:
                    operation = _operation(self._module(revision), up)
                    sql = self._log_sql(file, operation, file.description, ms, error)
                    connection.execute(verbatim(sql))
        except DBAPIError:
            notice("the failure could not be written to the journal")

    def _log(
        self, context: MigrationContext, file: RevisionFile | None, operation: str,
        description: str, ms: str,
    ) -> None:  # fmt: skip
        if self._log_table:
            self._execute(
                context, self._log_sql(file, operation, description, ms, None)
            )

    def _log_sql(
        self, file: RevisionFile | None, operation: str, description: str, ms: str,
        error: str | None,
    ) -> str:  # fmt: skip
        return LOG.format(
            table=self._log_table,
            table_name=literal(self._log_table),
            file=literal(file.path.name if file else "-"),
            operation=literal(operation),
            description=literal(description),
            ms=ms,
            success="false" if error else "true",
            error=literal(error),
        )

    def _execute(self, context: MigrationContext, sql: str) -> None:
        context.execute(verbatim(sql))


def _upsert(file: RevisionFile, status: str, ms: str, note: str = "") -> str:
    return UPSERT.format(
        version=literal(file.version),
        description=literal(file.description + note),
        file=literal(file.path.name),
        ms=ms,
        checksum=literal(file.checksum),
        status=literal(status),
    )


def _elapsed(context: MigrationContext, started: float | None) -> str:
    if context.as_sql or started is None:
        return ELAPSED_MS
    return str(int((time.monotonic() - started) * 1000))


def _operation(module: object, up: bool) -> str:
    """The spec's words: CREATE, ALTER, INSERT or ROLLBACK."""
    if not up:
        return "ROLLBACK"
    default = "INSERT" if getattr(module, "kind", None) == "data" else "CREATE"
    return str(getattr(module, "operation", default))
