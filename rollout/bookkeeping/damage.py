"""Bookkeeping that somebody dropped or altered by hand: told, never worked around.

Without the journal nobody would notice a changed file; without Alembic's own table the
next upgrade would begin at the first revision.
"""

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from rollout.bookkeeping import COLUMNS, SCHEMA, histories
from rollout.errors import RolloutError

THERE = text("""
    SELECT c.relname || '.' || a.attname FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relnamespace = to_regnamespace('migrations') AND c.relkind = 'r'
        AND a.attnum > 0 AND NOT a.attisdropped
""")
APPLIED = "SELECT migration_file FROM migrations.schema_versions WHERE status='applied'"
LOGGED = """
    SELECT migration_file FROM (
        SELECT DISTINCT ON (migration_file) migration_file, operation FROM {log}
        WHERE success ORDER BY migration_file, id DESC
    ) AS last WHERE operation <> 'ROLLBACK'
"""
"""Files of the revisions that stand, by the journal and by the project's log."""
LOG_COLUMNS = {"id", "migration_file", "operation", "success"}
"""Without them it is no log of ours."""
OF_LOG = text("""
    SELECT attname::text FROM pg_catalog.pg_attribute
    WHERE attrelid = to_regclass(:log) AND attnum > 0 AND NOT attisdropped
""")
LOOK = "rollout check"


class BookkeepingDamaged(RolloutError):
    """Some of schema ``migrations`` is not there; ``missing`` says what."""

    def __init__(
        self, database: str, missing: list[str], remedy: str, *, hint: str = ""
    ) -> None:
        self.missing = missing
        super().__init__(
            f"the bookkeeping of {database} is damaged."
            f" Missing: {', '.join(missing)}.\nNothing was changed.{hint}\n"
            "Somebody dropped or altered it by hand, or restored a part of a backup.\n"
            "Save what is there, then have it made anew:\n"
            f"    rollout backup\n{remedy}"
        )


class OtherLog(RolloutError):
    """The log's name is taken by a table of somebody else's."""

    def __init__(self, database: str, log: str, missing: list[str]) -> None:
        super().__init__(
            f"{log} of {database} is another table than the project's log."
            f" It lacks {', '.join(missing)}.\n"
            "Nothing was changed.\n"
            "An application has a table of this name, or somebody altered the log.\n"
            "If nothing needs it by that name, rename it in psql, and run the same\n"
            f"command again:\n    ALTER TABLE {log} RENAME TO "
            f"{log.rpartition('.')[2]}_before;"
        )


def refuse(connection: Connection, config: Config) -> None:
    """Refuse a database whose bookkeeping is not whole. Reads only.

    Leaves the transaction as it finds it.

    Raises:
        BookkeepingDamaged: Says what is missing, and how to have it again.
        OtherLog: The project's log is a table of somebody else's.
    """
    _refuse_other_log(connection, config)
    there = set(connection.scalars(THERE))
    table = histories.version_table(config)
    standing = None
    if f"{table}.version_num" in there:
        query = text(f"SELECT version_num FROM {SCHEMA}.{table} ORDER BY 1 LIMIT 1")
        standing = connection.scalar(query)
    if not there & COLUMNS:
        _refuse_without_any(connection, config)
    elif lacking := COLUMNS - there:
        standing = standing or _logged(connection, config) or "REVISION"
        _refuse_parts(connection, lacking, there, standing)
    elif standing is None and (name := _last(connection, config, APPLIED)):
        missing = [f"the row of {SCHEMA}.{table}"]
        raise _damaged(connection, missing, f"    alembic stamp {name}\n    {LOOK}")


def _refuse_parts(
    connection: Connection, lacking: set[str], there: set[str], standing: str
) -> None:
    """Tables can be made anew as they were; one without a column has to go first."""
    known = {name.partition(".")[0] for name in there}
    tables = sorted({name.partition(".")[0] for name in lacking})
    altered = [name for name in tables if name in known]
    missing = [f"{SCHEMA}.{name}" for name in tables if name not in known]
    missing += [f"{SCHEMA}.{name}" for name in sorted(lacking) if _of(name) in altered]
    drops = "".join(
        f"    DROP TABLE {SCHEMA}.{name};  -- in psql\n" for name in altered
    )
    stamp = f"alembic stamp --purge {standing}"
    raise _damaged(connection, missing, f"{drops}    {stamp}\n    {LOOK}")


def _of(column: str) -> str:
    return column.partition(".")[0]


def _refuse_without_any(connection: Connection, config: Config) -> None:
    """An empty database has none; one with the project's log has lost it."""
    if name := _logged(connection, config):
        raise _damaged(
            connection,
            [f"schema {SCHEMA}"],
            f"    alembic stamp {name}\n"
            "    rollout check catalog-drift\n"
            "If that says FAIL, as functions of some revisions were there, too:\n"
            "    rollout rollback --emergency\n    rollout deploy",
            hint=f" {config.get_main_option('log_table')} tells what stands.",
        )


def _refuse_other_log(connection: Connection, config: Config) -> None:
    log = config.get_main_option("log_table")
    columns = set(connection.scalars(OF_LOG, {"log": log})) if log else set()
    if log and columns and (missing := sorted(LOG_COLUMNS - columns)):
        raise OtherLog(str(connection.engine.url.database), log, missing)


def _logged(connection: Connection, config: Config) -> str | None:
    """The last revision that stands by the project's log, where there is one."""
    log = config.get_main_option("log_table")
    there = text("SELECT to_regclass(:log) IS NOT NULL")
    if not log or not connection.scalar(there, {"log": log}):
        return None
    return _last(connection, config, LOGGED.format(log=log))


def _last(connection: Connection, config: Config, query: str) -> str | None:
    """The last revision, in the order of the history, whose file ``query`` names."""
    files = set(connection.scalars(text(query)))
    for script in ScriptDirectory.from_config(config).walk_revisions():
        if script.path.rpartition("/")[2] in files:
            return script.revision
    return None


def _damaged(
    connection: Connection, missing: list[str], remedy: str, *, hint: str = ""
) -> BookkeepingDamaged:
    name = str(connection.engine.url.database)
    return BookkeepingDamaged(name, missing, remedy, hint=hint)
