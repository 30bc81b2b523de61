"""ALTER: columns, constraints, settings, names and schemas."""

from typing import Any

from pglast import enums
from pglast.stream import RawStream

from rollout.reading.makes import Makes
from rollout.reading.names import SORTS, named, object_
from rollout.reading.thing import GIVEN, REQUIRED, Step, Thing

Alter = enums.AlterTableType


class Alters(Makes):
    """One method a kind of statement."""

    def _AlterTableStmt(self, node: Any) -> None:
        table = self.relation(node.relation, SORTS.get(node.objtype, "table"))
        if table.is_layers or table.whole in self.shape.retired:
            return
        if table.sort in ("table", "foreign table"):
            self.shape.expect(table)
        for command in node.cmds or ():
            self._action(table, command)

    def _action(self, table: Thing, node: Any) -> None:
        shape, column = self.shape, Thing("column", table.whole, node.name or "")
        match node.subtype:
            case Alter.AT_AddColumn:
                new = Thing("column", table.whole, node.def_.colname)
                if not (node.missing_ok and new in shape.things):
                    self.column(table, node.def_)
            case Alter.AT_DropColumn:
                shape.drop(column, maybe=node.missing_ok)
            case Alter.AT_AlterColumnType:
                given = GIVEN if shape.expect(column).endswith(GIVEN) else ""
                shape.add(column, RawStream()(node.def_.typeName) + given)
            case Alter.AT_ColumnDefault if node.def_ is not None:
                was = shape.expect(column)
                shape.add(
                    column, was.removesuffix(GIVEN).removesuffix(REQUIRED) + GIVEN
                )
                shape.note(Step.PATCH, "setting", f"{column} has a default")
            case Alter.AT_SetNotNull:
                self._set_not_null(column)
            case Alter.AT_AddConstraint:
                self.constraint(table, node.def_)
            case Alter.AT_DropConstraint:
                shape.drop(
                    Thing("constraint", table.whole, node.name), maybe=node.missing_ok
                )
            case Alter.AT_EnableRowSecurity | Alter.AT_ForceRowSecurity:
                if table in shape.before:
                    text = f"row level security of {table} on"
                    shape.note(Step.MINOR, "policy", text)
            case Alter.AT_SetStatistics:
                shape.note(Step.PATCH, "statistics", f"statistics of {column} set")
            case _:
                text = f"{table}: {str(node.subtype.name).removeprefix('AT_')}"
                shape.note(Step.PATCH, "setting", text)

    def _set_not_null(self, column: Thing) -> None:
        """NULL is refused from now on; an INSERT without the column, too."""
        if column in self.shape.before or column not in self.shape.things:
            given = self.shape.things.get(column, "").endswith(GIVEN)
            step = Step.MINOR if given else Step.MAJOR
            self.shape.note(step, "constraint", f"{column} is NOT NULL from now on")

    def _AlterEnumStmt(self, node: Any) -> None:
        thing = named("type", node.typeName)
        new = f"value {node.newVal!r} of {thing}"
        if node.oldVal:
            text = f"value {node.oldVal!r} of {thing} renamed"
            self.shape.note(Step.MAJOR, "type", text)
        else:
            self.shape.note(Step.MINOR, "type", f"{new} added")

    def _AlterPolicyStmt(self, node: Any) -> None:
        thing = self.part("policy", node.table, node.policy_name)
        self.shape.expect(thing)
        self.shape.note(Step.PATCH, "policy", f"{thing} altered")

    def _RenameStmt(self, node: Any) -> None:
        sort = SORTS.get(node.renameType)
        if sort is None:
            return
        if sort in ("column", "constraint", "trigger", "policy"):
            old = self.part(sort, node.relation, node.subname)
            new = Thing(sort, old.of, node.newname)
        elif node.relation is not None:
            old = self.relation(node.relation, sort)
            new = Thing(sort, old.of, node.newname)
        else:
            old = object_(sort, node.object if node.object else node.subname)
            end = old.name[old.name.find("(") :] if "(" in old.name else ""
            new = Thing(sort, old.of, node.newname + end)
        if not old.is_layers and old.whole not in self.shape.retired:
            self.shape.rename(old, new)

    def _AlterObjectSchemaStmt(self, node: Any) -> None:
        sort = SORTS.get(node.objectType, "type")
        if node.relation is not None:
            old = self.relation(node.relation, sort)
        else:
            old = object_(sort, node.object)
        if old.whole in self.shape.retired:
            return
        new = Thing(old.sort, node.newschema, old.name)
        if old.is_layers:
            self.shape.add(new)
        else:
            self.shape.rename(old, new)
