"""Plain SQL text in a revision, online and offline alike."""

from pathlib import Path
from typing import Any

from alembic import op
from sqlalchemy import Connection, text

from rollout.sqltext import verbatim


def run_sql(statement: str) -> None:
    """Execute one statement exactly as written: no ``:name`` is taken as a parameter.

    Locks: whatever the statement takes.
    """
    op.execute(verbatim(statement))


def sql_file(revision_file: str, name: str) -> str:
    """The text of ``sql/<name>`` beside a revision; part of its checksum.

    The file name must begin with the revision's number.
    """
    return (Path(revision_file).parent / "sql" / name).read_text(encoding="utf-8")


def is_offline() -> bool:
    """Whether SQL is only printed, and there is nothing to query."""
    return bool(op.get_context().as_sql)


def bind() -> Connection:
    """The revision's connection; only online."""
    connection: Connection = op.get_bind()
    return connection


def scalar(statement: str, **parameters: Any) -> Any:
    """One value from a query; only online."""
    return bind().scalar(text(statement), parameters)
