"""Build an index while the application goes on writing."""

import time

from alembic import op

from rollout.errors import RolloutError
from rollout.ops.autocommit import autocommit
from rollout.ops.drop_index import drop_index
from rollout.ops.sql import is_offline, run_sql, scalar
from rollout.sqltext import literal, split_name

VALID = """
    SELECT indisvalid FROM pg_catalog.pg_index WHERE indexrelid = to_regclass(:index)
"""
DEFINITION = """
    SELECT CASE WHEN indisunique THEN 'UNIQUE ' ELSE '' END || coalesce(substring(
        pg_catalog.pg_get_indexdef(indexrelid) FROM 'USING .*'
    ), '')
    FROM pg_catalog.pg_index WHERE indexrelid = to_regclass(:index)
"""
PROBE = "rollout_index_probe"
BUILDING = """
    SELECT EXISTS (
        SELECT FROM pg_catalog.pg_stat_progress_create_index
        WHERE index_relid = to_regclass(:index)
    )
"""


class AnotherIndex(RolloutError):
    """An index of the wanted name has another definition."""

    def __init__(self, name: str, wanted: str, stands: str) -> None:
        self.name, self.wanted, self.stands = name, wanted, stands
        super().__init__(
            f"index {name} is there with another definition.\n"
            f"    wanted: {wanted}\n"
            f"    stands: {stands}\n"
            "It was left as it is; the revision is still pending.\n"
            "Somebody made it by hand. Give it another name, or drop it, then run the\n"
            "same command again:\n"
            f"    DROP INDEX CONCURRENTLY {name}"
        )


def create_index(
    name: str,
    table: str,
    columns: str,
    *,
    unique: bool = False,
    using: str = "btree",
    where: str | None = None,
) -> None:
    """Create index ``name`` on ``table`` with CREATE INDEX CONCURRENTLY.

    Can be repeated. An index that an interrupted build left invalid is dropped and
    built again; a build that still goes on, orphaned by its client, is waited for.
    Commits what went before, so it belongs to the end of a revision or between steps
    that can be repeated.

    Args:
        columns: As written in SQL: ``"user_id, created_at DESC"``.

    Locks: SHARE UPDATE EXCLUSIVE on ``table``; reads and writes go on. Waits for
        transactions that are open when it starts; nobody waits for it.

    Raises:
        AnotherIndex: A valid index of this name has another definition. It stays.

    Source: PostgreSQL manual, CREATE INDEX, "Building Indexes Concurrently".
    """
    schema, _ = split_name(table)
    qualified = f"{schema}.{name}"
    statement = (
        f"CREATE {'UNIQUE ' if unique else ''}INDEX CONCURRENTLY {name} "
        f"ON {table} USING {using} ({columns}){f' WHERE {where}' if where else ''}"
    )
    if is_offline():
        _print(qualified, statement)
        return
    if scalar(VALID, index=qualified):
        _refuse_another(qualified, table, statement)
        return
    with autocommit():
        while scalar(BUILDING, index=qualified):
            time.sleep(0.2)
        valid = scalar(VALID, index=qualified)
        if valid is False:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {qualified}")
        if not valid:
            run_sql(statement)


def _refuse_another(qualified: str, table: str, statement: str) -> None:
    """Compare the index that stands with the one wanted, built on an empty twin.

    The server itself writes both definitions, so that spelling makes no difference.
    """
    probe = statement.replace("CONCURRENTLY ", "").replace(
        f" ON {table} ", f" ON {PROBE} ", 1
    )
    name = qualified.partition(".")[2]
    run_sql(f"CREATE TEMPORARY TABLE {PROBE} (LIKE {table})")
    run_sql(probe)
    wanted = scalar(DEFINITION, index=f"pg_temp.{name}")
    stands = scalar(DEFINITION, index=qualified)
    run_sql(f"DROP TABLE {PROBE}")
    if wanted != stands:
        raise AnotherIndex(qualified, wanted, stands)


def _print(qualified: str, statement: str) -> None:
    """A script cannot ask whether the index is valid, so it builds it anew."""
    drop_index(qualified)
    with autocommit():
        run_sql(statement)
        op.execute(
            f"DO $valid$ BEGIN IF NOT (SELECT indisvalid FROM pg_catalog.pg_index "
            f"WHERE indexrelid = {literal(qualified)}::regclass) THEN "
            f"RAISE EXCEPTION 'index {qualified} is invalid'; END IF; END $valid$"
        )
