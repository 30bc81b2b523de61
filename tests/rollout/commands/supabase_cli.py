"""`supabase db push`, as far as a migration file can tell: how it runs statements.

Written after the CLI's own code; 2.109.1 (pipelined), 2.116.0, 2.122.1 and 3.1.0 (not)
were run on the same files, and ended the same. The CLI itself is too large for a test.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pglast
import psycopg
import sqlalchemy as sa

from rollout.embedded import url_text

LEDGER = (
    "CREATE SCHEMA IF NOT EXISTS supabase_migrations",
    "CREATE TABLE IF NOT EXISTS supabase_migrations.schema_migrations "
    "(version text NOT NULL PRIMARY KEY)",
    "ALTER TABLE supabase_migrations.schema_migrations "
    "ADD COLUMN IF NOT EXISTS statements text[]",
    "ALTER TABLE supabase_migrations.schema_migrations "
    "ADD COLUMN IF NOT EXISTS name text",
)
INSERT = (
    "INSERT INTO supabase_migrations.schema_migrations (version, name, statements) "
    "VALUES (%s, %s, %s)"
)
REPAIRED = (
    "INSERT INTO supabase_migrations.schema_migrations (version, name) VALUES (%s, %s)"
)
OWN_TRANSACTION = re.compile(r"(BEGIN|START\s+TRANSACTION|COMMIT|END|ABORT|ROLLBACK)\b")
STANDALONE = re.compile(r"(CREATE|DROP)\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY\b|VACUUM\b")


def ledger(url: str) -> list[str]:
    """The versions that the CLI thinks are applied."""
    with connect(url) as connection:
        query = "SELECT version FROM supabase_migrations.schema_migrations ORDER BY 1"
        return [version for (version,) in connection.execute(query)]


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url_text(sa.make_url(url)), autocommit=True)


def push(
    url: str, files: Sequence[Path], *, pipelined: bool = False, cut: int | None = None
) -> None:
    """Apply the files that the ledger lacks.

    Args:
        pipelined: As the versions up to 2.109: one pipeline with one Sync a file.
        cut: The connection is lost after so many statements of the first file.
    """
    with connect(url) as connection:
        for statement in LEDGER:
            connection.execute(statement)
    done = set(ledger(url))
    with connect(url) as connection:
        for file in sorted(files):
            version, _, name = file.stem.partition("_")
            if version in done:
                continue
            connection.execute("RESET ALL")
            statements = split(file)
            row = (version, name, statements)
            if pipelined:
                _pipelined(connection, statements, row)
            elif any(OWN_TRANSACTION.match(bare(s)) for s in statements):
                for statement in statements[:cut]:
                    connection.execute(statement)
                if cut is not None:
                    return
                connection.execute(INSERT, row)
            else:
                _batches(connection, statements, row)


def repair(url: str, file: Path) -> None:
    """`supabase migration repair --status applied VERSION`."""
    version, _, name = file.stem.partition("_")
    with connect(url) as connection:
        connection.execute(REPAIRED, (version, name))


def split(file: Path) -> list[str]:
    """The file's statements."""
    return list(pglast.split(file.read_text()))


def bare(statement: str) -> str:
    """Without the comments before it, in upper case."""
    return re.sub(r"\A(\s|--[^\n]*\n)+", "", statement).upper()


def _batches(
    connection: psycopg.Connection[tuple[object, ...]],
    statements: Sequence[str],
    row: tuple[str, str, list[str]],
) -> None:
    """A transaction, interrupted by what cannot be in one; the row is in the last."""
    connection.execute("BEGIN")
    for statement in statements:
        if STANDALONE.match(bare(statement)):
            connection.execute("COMMIT")
            connection.execute(statement)
            connection.execute("BEGIN")
        else:
            connection.execute(statement)
    connection.execute(INSERT, row)
    connection.execute("COMMIT")


def _pipelined(
    connection: psycopg.Connection[tuple[object, ...]],
    statements: Sequence[str],
    row: tuple[str, str, list[str]],
) -> None:
    with connection.pipeline():
        for statement in statements:
            connection.execute(statement)
        connection.execute(INSERT, row)
