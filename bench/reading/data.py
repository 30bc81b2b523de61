"""Rows to read: users as unequal as they are in life, made by the server itself.

Of ``rows`` transactions a tenth belongs to ten users, who so have a hundredth each
(100,000 of 10 million); the rest goes to ``rows / 100`` users by a power law: half of
them have fewer than 30, one in a hundred more than 900. All of it follows from
``rows``: two runs make the same rows.

Rows lie in the table as syncs bring them, month by month, so a user's rows are spread
over it. The foreign keys are not checked while loading: they hold by construction, and
``orphans`` counts.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extras
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from psycopg2.extensions import cursor as Cursor

from rollout import embedded

psycopg2.extras.register_uuid()

ROOT = Path(__file__).resolve().parent.parent.parent
SQL = Path(__file__).parent / "sql"
MONTHS = 60
HEAVY = 10
"""Users with a hundredth of all rows each."""

TABLES = (
    "user_investment_accounts",
    "user_aggregated_holdings",
    "user_portfolio_snapshots",
    "user_investment_transactions",
    "user_feature_flags",
)
PLAIN_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    FROM pg_index
    WHERE indrelid = ANY (%s::regclass[])
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
    ORDER BY 1
"""
ORPHANS = """
    SELECT count(*) FROM public.user_investment_transactions AS t
    WHERE NOT EXISTS (
        SELECT FROM public.user_investment_accounts AS a
        WHERE (a.user_id, a.id) = (t.user_id, t.account_id)
    )
"""


def load(server: sa.URL, rows: int, *, until: float | None = None) -> sa.URL | None:
    """Return the URL of a database with ``rows`` transactions, loaded where missing.

    Args:
        until: Stop between two months at this time (time.monotonic()), and return
            None; the next call goes on from there.
    """
    url = embedded.ensure_database(server, f"reads_{rows}")
    if stage(url) == "loaded":
        return url
    connection = psycopg2.connect(embedded.url_text(url))
    connection.autocommit = True
    with connection.cursor() as cursor:
        for name, statement in _left(url, rows, cursor):
            if until is not None and time.monotonic() > until:
                connection.close()
                return None
            start = time.monotonic()
            cursor.execute(statement)
            cursor.execute(f"COMMENT ON SCHEMA public IS '{name}'")
            took = time.monotonic() - start
            print(f"  {rows:,} rows: {name} in {took:.1f} s", file=sys.stderr)
    connection.close()
    return url


def stage(url: sa.URL) -> str | None:
    """The last step of loading that is done; it is kept as the schema's comment."""
    return str(run(url, "SELECT obj_description('public'::regnamespace)")[0][0])


def run(url: sa.URL, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Execute one statement on a connection of its own."""
    connection = psycopg2.connect(embedded.url_text(url))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


def upgrade(url: sa.URL) -> None:
    """Bring the schema to head."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = url.render_as_string(hide_password=False)
    command.upgrade(config, "head")


def _left(url: sa.URL, rows: int, cursor: Cursor) -> Iterator[tuple[str, str]]:
    """What is left to do, as (name, statement)."""
    done = stage(url)
    names = list(steps(rows))
    known = [name for name, _ in names]
    first = known.index(done) + 1 if done in known else 0
    if first == 0:
        upgrade(url)
        put_indexes_aside(cursor)
    cursor.execute(
        "SET session_replication_role = replica; SET synchronous_commit = off;"
        "SET maintenance_work_mem = '512MB'; SET max_parallel_maintenance_workers = 2"
    )
    yield from names[first:]
    cursor.execute(ORPHANS)
    (orphans,) = cursor.fetchone() or (None,)
    if orphans:
        raise RuntimeError(f"{orphans} transactions have no account: mend the SQL")
    yield "loaded", "CHECKPOINT"


def steps(rows: int) -> Iterator[tuple[str, str]]:
    """Every statement but the last, each with a name that is known again."""
    for path in sorted(SQL.glob("1_*.sql")):
        text = (
            path.read_text().replace(":rows", str(rows)).replace(":heavy", str(HEAVY))
        )
        yield path.stem, text
    month = (SQL / "2_transactions.sql").read_text()
    for n in range(MONTHS):
        text = month.replace(":months", str(MONTHS)).replace(":month", str(n))
        yield f"2_transactions {n}", text
    yield "3_indexes", (SQL / "3_indexes.sql").read_text()
    yield "4_vacuum", "VACUUM ANALYZE"


def put_indexes_aside(cursor: Cursor) -> None:
    """Drop what is built faster afterwards; 3_indexes.sql makes it again."""
    cursor.execute(
        "CREATE SCHEMA bench; CREATE TABLE bench.indexes (name text, definition text)"
    )
    cursor.execute(PLAIN_INDEXES, ([f"public.{table}" for table in TABLES],))
    for name, definition in cursor.fetchall():
        cursor.execute("INSERT INTO bench.indexes VALUES (%s, %s)", (name, definition))
        cursor.execute(f"DROP INDEX {name}")
