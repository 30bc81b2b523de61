"""What a database has: relations, functions, schemas; from the catalog alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg2.extensions import connection as Connection

PROBE = "isolation_probe"
"""A schema in which every role may make tables: REFERENCES is tried from there."""

OUTSIDE = ("information_schema", "extensions", PROBE)

# Composite types, indexes and TOAST tables are reached through their tables.
RELATIONS = """
    SELECT c.oid, n.nspname, c.relname, c.relkind::text,
        pg_has_role(c.relowner, 'USAGE'), c.relrowsecurity,
        pg_relation_is_updatable(c.oid, false) & 28 <> 0,
        ARRAY(SELECT a.attname::text FROM pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum),
        ARRAY(SELECT a.attname::text FROM pg_index AS i, pg_attribute AS a
            WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid
                AND a.attnum = ANY (i.indkey) ORDER BY a.attnum),
        ARRAY(SELECT format_type(a.atttypid, a.atttypmod)
            FROM pg_index AS i, pg_attribute AS a
            WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid
                AND a.attnum = ANY (i.indkey) ORDER BY a.attnum)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        AND n.nspname <> ALL (%s) AND n.nspname NOT LIKE 'pg\\_%%'
    ORDER BY 2, 3
"""
FUNCTIONS = """
    SELECT n.nspname, p.oid::regprocedure::text, p.proname,
        ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) AS t),
        p.prosecdef
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname <> ALL (%s) AND n.nspname NOT LIKE 'pg\\_%%'
        AND pg_has_role(p.proowner, 'USAGE')
        AND NOT EXISTS (SELECT FROM pg_depend AS d
            WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
                AND d.deptype = 'e')
    ORDER BY 1, 2
"""
SCHEMAS = """
    SELECT nspname, pg_has_role(nspowner, 'USAGE') FROM pg_namespace
    WHERE nspname <> ALL (%s) AND nspname NOT LIKE 'pg\\_%%' ORDER BY 1
"""
ABOVE = """
    SELECT DISTINCT d.refobjid::oid, r.ev_class::oid
    FROM pg_depend AS d JOIN pg_rewrite AS r ON r.oid = d.objid
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
        AND d.refobjid <> r.ev_class
"""


@dataclass(frozen=True)
class Relation:
    """A table, view or sequence. ``ours``: its owner is who asks."""

    oid: int
    schema: str
    table: str
    relkind: str
    ours: bool
    row_security: bool
    writable: bool
    columns: tuple[str, ...]
    key: tuple[str, ...]
    key_types: tuple[str, ...]

    @property
    def name(self) -> str:
        """The qualified name."""
        return f'{self.schema}."{self.table}"'

    @property
    def label(self) -> str:
        """The name for readers."""
        return f"{self.schema}.{self.table}"

    @property
    def is_view(self) -> bool:
        """Whether it holds no rows of its own."""
        return self.relkind in "vm"


@dataclass(frozen=True)
class Function:
    """A function; ``arguments`` are its types."""

    schema: str
    signature: str
    name: str
    arguments: tuple[str, ...]
    definer: bool

    @property
    def label(self) -> str:
        """Its signature with the schema."""
        bare = self.signature.removeprefix(f"{self.schema}.")
        return f"{self.schema}.{bare}"


@dataclass(frozen=True)
class Schema:
    """A schema. ``ours``: its owner is who asks."""

    name: str
    ours: bool

    @property
    def label(self) -> str:
        """The name for readers."""
        return f"schema {self.name}"


@dataclass(frozen=True)
class Found:
    """All of it; ``above`` has a relation's views, near and far."""

    relations: tuple[Relation, ...]
    functions: tuple[Function, ...]
    schemas: tuple[Schema, ...]
    above: dict[int, frozenset[int]]
    server_version: int


def look(connection: Connection) -> Found:
    """Read the catalog."""
    relations = tuple(
        Relation(*row[:-3], *map(tuple, row[-3:]))
        for row in rows(connection, RELATIONS, list(OUTSIDE))
    )
    functions = tuple(
        Function(schema, signature, name, tuple(arguments), definer)
        for schema, signature, name, arguments, definer in rows(
            connection, FUNCTIONS, list(OUTSIDE)
        )
    )
    schemas = tuple(Schema(*row) for row in rows(connection, SCHEMAS, list(OUTSIDE)))
    above = _closure(rows(connection, ABOVE))
    return Found(relations, functions, schemas, above, connection.server_version)


def rows(connection: Connection, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)
        return list(cursor.fetchall())


def _closure(pairs: Sequence[tuple[Any, ...]]) -> dict[int, frozenset[int]]:
    direct: dict[int, set[int]] = {}
    for below, view in pairs:
        direct.setdefault(below, set()).add(view)
    return {below: frozenset(_reach(direct, below)) for below in direct}


def _reach(direct: dict[int, set[int]], start: int) -> set[int]:
    reached: set[int] = set()
    ahead = [start]
    while ahead:
        for view in direct.get(ahead.pop(), ()):
            if view not in reached:
                reached.add(view)
                ahead.append(view)
    return reached
