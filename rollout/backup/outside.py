"""What a schema refers to outside of itself: on Supabase, auth.

A backup does not hold what others own. So that its foreign keys, policies and defaults
can be made again anywhere, it notes what they refer to: which rows of auth.users, which
functions, extensions and roles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from rollout.backup.manifest import Keys, OutsideFunction, OutsideTable, Role
from rollout.backup.outside_queries import (
    ADOPTED,
    COLUMNS,
    EXTENSIONS,
    FOREIGN_KEYS,
    FUNCTIONS,
    ROLES,
)
from rollout.sqltext import verbatim


@dataclass(frozen=True)
class Outside:
    """What is referred to."""

    tables: list[OutsideTable]
    functions: list[OutsideFunction]

    @property
    def schemas(self) -> list[str]:
        """Where it is."""
        tables = {table.schema for table in self.tables}
        return sorted(tables | {found.schema for found in self.functions})


def referred(connection: Connection, schemas: Sequence[str]) -> Outside:
    """What ``schemas`` refer to elsewhere, without the keys."""
    names = {"schemas": list(schemas)}
    tables = [
        OutsideTable(**row, keys=[])
        for row in connection.execute(text(COLUMNS), names).mappings()
    ]
    functions = [
        OutsideFunction(**row)
        for row in connection.execute(text(FUNCTIONS), names).mappings()
    ]
    return Outside(tables, functions)


def with_keys(
    connection: Connection, tables: Sequence[OutsideTable], schemas: Sequence[str]
) -> list[OutsideTable]:
    """The same tables with the keys that rows in ``schemas`` refer to."""
    wanted: dict[tuple[str, str, tuple[str, ...]], set[tuple[str, ...]]] = {}
    for fk in connection.execute(FOREIGN_KEYS, {"schemas": list(schemas)}).mappings():
        key = (fk["schema"], fk["name"], tuple(fk["columns"]))
        wanted.setdefault(key, set()).update(_values(connection, dict(fk)))
    return [
        OutsideTable(t.schema, t.name, t.columns, [
            Keys(list(columns), sorted(map(list, values)))
            for (schema, name, columns), values in wanted.items()
            if (schema, name) == (t.schema, t.name)
        ])
        for t in tables
    ]  # fmt: skip


def _values(connection: Connection, fk: dict[str, Any]) -> list[tuple[str, ...]]:
    as_text = ", ".join(f"{column}::text" for column in fk["source_columns"])
    given = " AND ".join(f"{column} IS NOT NULL" for column in fk["source_columns"])
    query = f"SELECT DISTINCT {as_text} FROM {fk['source']} WHERE {given}"
    return [tuple(row) for row in connection.execute(verbatim(query))]


def adopted(
    connection: Connection, outside: Outside, schemas: Sequence[str]
) -> list[str]:
    """The outside schemas that the owner of our tables made, too."""
    names = {"candidates": outside.schemas, "schemas": list(schemas)}
    return [str(name) for name in connection.scalars(ADOPTED, names)]


def extensions(connection: Connection, schemas: Sequence[str]) -> list[list[str]]:
    """Extensions that something in ``schemas`` needs, with the schema they are in."""
    rows = connection.execute(text(EXTENSIONS), {"schemas": list(schemas)})
    return [list(row) for row in rows]


def roles(connection: Connection, schemas: Sequence[str]) -> list[Role]:
    """Roles that grants and policies in ``schemas`` name."""
    rows = connection.execute(ROLES, {"schemas": list(schemas)}).mappings()
    return [Role(**row) for row in rows]
