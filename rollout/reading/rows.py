"""Rows that are written, and the layer's functions that are called."""

from typing import Any

from pglast import ast, visitors

from rollout.reading.names import Names
from rollout.reading.thing import UNKNOWN, Step, Thing

WRITING = (
    ast.InsertStmt | ast.UpdateStmt | ast.DeleteStmt | ast.MergeStmt | ast.CopyStmt
)


class Rows(Names):
    """Statements that may write, wherever in them that stands."""

    def _TruncateStmt(self, node: Any) -> None:
        for relation in node.relations:
            self._written(relation)

    def rows(self, node: Any) -> None:
        """INSERT, UPDATE, DELETE wherever they stand, and calls of the layer."""
        finder = _Finder()
        finder(node)
        for relation in finder.written:
            self._written(relation)
        for call in finder.calls:
            self._call(call)

    def _written(self, relation: Any) -> None:
        table = self.relation(relation, "table")
        if not table.is_layers and table.whole != self.log_table:
            self.shape.note(Step.PATCH, "data", f"rows of {table.whole} written")

    def _call(self, node: Any) -> None:
        name = ".".join(part.sval for part in node.funcname)
        values = [_literal(argument) for argument in node.args or ()]
        if name == "migrations.swap_column" and None not in values[:4]:
            table, column, other, retired = (str(value) for value in values[:4])
            old = Thing("column", table, column)
            self.shape.expect(old)
            detail = self.shape.things.pop(Thing("column", table, other), UNKNOWN)
            self.shape.add(old, detail)
            self.shape.retire(Thing("column", table, retired))
        elif name == "migrations.swap_table" and None not in values[:3]:
            here, there = (_dotted("table", str(value)) for value in values[:2])
            for part in self.shape.parts(here):
                if part.sort == "column":
                    del self.shape.things[part]
            for part in self.shape.parts(there):
                if part.sort == "column":
                    its = self.shape.things[part]
                    self.shape.add(Thing("column", here.whole, part.name), its)
            self.shape.retire(there)
            self.shape.retired.discard(there.whole)
            self.shape.retire(Thing("table", here.of, str(values[2])))


class _Finder(visitors.Visitor):  # type: ignore[misc, unused-ignore]
    """Collects what is written and called in one statement."""

    def __init__(self) -> None:
        self.written: list[Any] = []
        self.calls: list[Any] = []

    def visit_InsertStmt(self, ancestors: Any, node: Any) -> None:
        self.written.append(node.relation)

    visit_UpdateStmt = visit_DeleteStmt = visit_MergeStmt = visit_InsertStmt

    def visit_CopyStmt(self, ancestors: Any, node: Any) -> None:
        if node.is_from:
            self.written.append(node.relation)

    def visit_FuncCall(self, ancestors: Any, node: Any) -> None:
        self.calls.append(node)


def _dotted(sort: str, name: str) -> Thing:
    of, _, last = name.rpartition(".")
    return Thing(sort, of or "public", last)


def _literal(node: Any) -> str | None:
    if isinstance(node, ast.TypeCast):
        return _literal(node.arg)
    if isinstance(node, ast.A_Const) and isinstance(node.val, ast.String):
        return str(node.val.sval)
    return None
