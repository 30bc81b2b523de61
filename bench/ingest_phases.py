"""Where the time of one bulk upsert goes: Python, COPY, the statements, the commit."""

import time
from typing import Any

import sqlalchemy as sa

from bench.ingest_rows import Rows
from models.base import Base
from models.bulk_copy import copy
from models.bulk_rows import Rows as Checked
from models.tenant import as_service


def phases(engine: sa.Engine, model: type[Base], rows: Rows) -> dict[str, float]:
    """Return milliseconds by phase: the same steps as ``upsert`` takes."""
    taken: dict[str, float] = {}
    last = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal last
        now = time.perf_counter()
        taken[name] = taken.get(name, 0) + (now - last) * 1000
        last = now

    def run(statement: str, **values: Any) -> sa.CursorResult[Any]:
        return connection.execute(sa.text(statement), values)

    checked = Checked(rows, model, None)
    statements = checked.statements()
    batches = checked.batches(statements)
    lap("check, write as text")
    with engine.connect() as connection:
        with as_service(connection):
            run(statements.create)
            for batch in batches:
                copy(connection, statements.stage, batch.columns, batch.data)
            lap("COPY to the stage")
            dropped = run(statements.drop_unchanged).rowcount
            lap("leave out the unchanged")
            if dropped < len(rows):
                run(statements.upsert, first=0, last=len(rows))
            lap("INSERT … ON CONFLICT")
            run(statements.drop)
        lap("commit")
    return taken
