"""What a statement calls things by, as pglast's nodes have it."""

from typing import Any

from pglast import ast, enums
from pglast.stream import RawStream

from rollout.reading.shape import Shape
from rollout.reading.thing import Thing

SORTS = {
    enums.ObjectType.OBJECT_TABLE: "table",
    enums.ObjectType.OBJECT_FOREIGN_TABLE: "foreign table",
    enums.ObjectType.OBJECT_VIEW: "view",
    enums.ObjectType.OBJECT_MATVIEW: "materialized view",
    enums.ObjectType.OBJECT_SEQUENCE: "sequence",
    enums.ObjectType.OBJECT_INDEX: "index",
    enums.ObjectType.OBJECT_STATISTIC_EXT: "statistics",
    enums.ObjectType.OBJECT_TYPE: "type",
    enums.ObjectType.OBJECT_DOMAIN: "type",
    enums.ObjectType.OBJECT_FUNCTION: "function",
    enums.ObjectType.OBJECT_PROCEDURE: "procedure",
    enums.ObjectType.OBJECT_ROUTINE: "function",
    enums.ObjectType.OBJECT_AGGREGATE: "function",
    enums.ObjectType.OBJECT_SCHEMA: "schema",
    enums.ObjectType.OBJECT_EXTENSION: "extension",
    enums.ObjectType.OBJECT_TRIGGER: "trigger",
    enums.ObjectType.OBJECT_POLICY: "policy",
    enums.ObjectType.OBJECT_TABCONSTRAINT: "constraint",
    enums.ObjectType.OBJECT_COLUMN: "column",
}


class Names:
    """What all parts of the reader share: the shape, and which tables are temporary."""

    def __init__(self, shape: Shape, log_table: str) -> None:
        self.shape, self.log_table = shape, log_table
        self.temporary: set[str] = set()

    def relation(self, node: Any, sort: str) -> Thing:
        """A table, or what else stands where a table can."""
        if node.relpersistence == "t":
            self.temporary.add(node.relname)
        schema = node.schemaname
        if not schema:
            schema = "pg_temp" if node.relname in self.temporary else "public"
        return Thing(sort, schema, node.relname)

    def part(self, sort: str, relation: Any, name: str) -> Thing:
        """A column, trigger, policy … of a table."""
        return Thing(sort, self.relation(relation, "table").whole, name)


def function(sort: str, name: Any, types: Any) -> Thing:
    """A function with its arguments' types, which are part of its name."""
    thing = named(sort, name)
    arguments = ", ".join(RawStream()(type_) for type_ in types or ())
    return Thing(sort, thing.of, f"{thing.name}({arguments})")


def object_(sort: str, node: Any) -> Thing:
    """What DROP and ALTER call something by."""
    if isinstance(node, str):
        return Thing(sort, "", node)
    match node:
        case ast.ObjectWithArgs():
            return function(sort, node.objname, node.objargs)
        case ast.TypeName():
            return named(sort, node.names)
        case ast.String():
            return named(sort, (node,))
    return named(sort, node)


def named(sort: str, names: Any) -> Thing:
    """A name as a list of its parts, schema included or not."""
    parts = [str(part.sval) for part in names]
    if sort in ("schema", "extension"):
        return Thing(sort, "", parts[-1])
    missing = (3 if sort in ("policy", "trigger") else 2) - len(parts)
    *of, name = ["public"] * missing + parts
    return Thing(sort, ".".join(of), name)
