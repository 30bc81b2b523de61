"""The ways into a table that the ingest bench compares. Each leaves the same rows."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bench.ingest_rows import Rows
from models import bulk
from models.base import Base
from models.bulk_copy import copy
from models.bulk_rows import Batch
from models.bulk_rows import Rows as Checked
from models.tenant import as_service

Model = type[Base]


def prepared(rows: Rows, model: Model) -> list[Batch]:
    """Return the rows as COPY text, for ``raw_copy``: not part of its time."""
    checked = Checked(rows, model, None)
    return [
        Batch(batch.columns[1:], batch.rows, _without_first_field(batch.data))
        for batch in checked.batches(checked.statements())
    ]


def _without_first_field(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join(line.split(b"\t", 1)[1] for line in lines)


def raw_copy(engine: sa.Engine, model: Model, batches: list[Batch]) -> None:
    """COPY into the table itself: the server's work alone, and no second time."""
    with engine.connect() as connection, as_service(connection):
        driver: Any = connection.connection.driver_connection
        for batch in batches:
            names = ", ".join(batch.columns)
            statement = f"COPY {model.__tablename__} ({names}) FROM STDIN"
            with driver.cursor() as cursor:
                cursor.copy_expert(statement, io.BytesIO(batch.data))


def raw_update(engine: sa.Engine, model: Model, batches: list[Batch]) -> None:
    """COPY into a temporary table, UPDATE … FROM it: what a change costs at least."""
    table: Any = model.__table__
    key = [column.name for column in natural_key(model)]
    names = batches[0].columns
    settings = ", ".join(f"{name} = s.{name}" for name in names if name not in key)
    same = " AND ".join(f"t.{name} = s.{name}" for name in key)
    with engine.connect() as connection, as_service(connection):
        connection.execute(
            sa.text(
                f"CREATE TEMPORARY TABLE raw ON COMMIT DROP AS"
                f" SELECT {', '.join(names)} FROM {table.name} WITH NO DATA"
            )
        )
        for batch in batches:
            copy(connection, "raw", names, batch.data)
        connection.execute(
            sa.text(
                f"UPDATE {table.name} AS t SET {settings} FROM raw AS s WHERE {same}"
            )
        )


def natural_key(model: Model) -> list[Any]:
    """Return the columns of the model's natural key."""
    table: Any = model.__table__
    (constraint,) = (
        c for c in table.constraints if c.name == table.info["natural_key"]
    )
    return list(constraint.columns)


def bulk_upsert(engine: sa.Engine, model: Model, rows: Rows) -> None:
    """models.bulk."""
    with Session(engine) as session, as_service(session):
        bulk.upsert(session, rows, model)


def core(engine: sa.Engine, model: Model, rows: Rows) -> None:
    """INSERT … VALUES of a thousand rows at a time, ON CONFLICT DO UPDATE."""
    table: Any = model.__table__
    statement = insert(table)
    key = {"user_id", *(column.name for column in natural_key(model))}
    names = [name for name in rows[0] if name not in key]
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        constraint=table.info["natural_key"],
        set_={name: new[name] for name in names},
        where=sa.or_(*(table.c[name].is_distinct_from(new[name]) for name in names)),
    )
    with engine.connect() as connection, as_service(connection):
        connection.execute(statement, rows)


def orm(engine: sa.Engine, model: Model, rows: Rows) -> None:
    """Session.add_all; where rows are there: read them all, then Session.merge."""
    mapped: Any = model
    key = [column.name for column in natural_key(model)]
    with Session(engine) as session, as_service(session):
        query = sa.select(model).where(mapped.user_id.in_({r["user_id"] for r in rows}))
        known = {
            tuple(getattr(found, name) for name in key): found
            for found in session.scalars(query)
        }
        new = []
        for row in rows:
            found = known.get(tuple(row[name] for name in key))
            if found is None:
                new.append(model(**row))
            else:
                session.merge(model(id=found.id, **row))
        session.add_all(new)


BULK = "`bulk.upsert`"
WAYS: Mapping[str, Callable[[sa.Engine, Model, Rows], None]] = {
    BULK: bulk_upsert,
    "Core, ON CONFLICT": core,
    "ORM": orm,
}
