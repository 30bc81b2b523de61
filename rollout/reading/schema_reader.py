"""Reads SQL by PostgreSQL's own parser (pglast) into a :class:`Shape`.

Bodies of functions are not looked into: what a revision calls is its own business, save
for the layer's functions that change names (rollout/ops/server_functions.py).
"""

import re
from typing import Any

from pglast import ast, enums, parse_sql, visitors
from pglast.stream import RawStream

from rollout.reading import plpgsql
from rollout.reading.shape import GIVEN, LAYER, REQUIRED, UNKNOWN, Shape, Step, Thing

GEXEC = re.compile(r"\\gexec\s*(?:\\\\)?")
"""psql's command; pglast reads SQL alone. What is behind it are the layer's indexes and
constraints, built under other names."""

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
CONSTRAINTS = {
    enums.ConstrType.CONSTR_CHECK: "check",
    enums.ConstrType.CONSTR_FOREIGN: "foreign key",
    enums.ConstrType.CONSTR_EXCLUSION: "exclusion",
    enums.ConstrType.CONSTR_UNIQUE: "key",
    enums.ConstrType.CONSTR_PRIMARY: "key",
}
WITH_VALUE = (
    enums.ConstrType.CONSTR_DEFAULT,
    enums.ConstrType.CONSTR_IDENTITY,
    enums.ConstrType.CONSTR_GENERATED,
)
"""What gives a column a value that an INSERT does not name."""
SERIAL = ("serial", "bigserial", "smallserial", "serial4", "serial8", "serial2")
Alter = enums.AlterTableType


def read(shape: Shape, sql: str, *, log_table: str = "") -> None:
    """Apply one revision's ``sql`` to ``shape``.

    Args:
        log_table: A table whose rows are the layer's own, as ``public.migration_log``.

    Raises:
        pglast.parser.ParseError: It is no SQL.
    """
    reader = _Reader(shape, log_table)
    for raw in parse_sql(GEXEC.sub(";", sql)):
        reader.statement(raw.stmt)


class _Reader:
    """One method a kind of statement; what has none changes nothing by name."""

    def __init__(self, shape: Shape, log_table: str) -> None:
        self.shape, self.log_table = shape, log_table
        self.temporary: set[str] = set()

    def statement(self, node: Any) -> None:
        method = getattr(self, f"_{type(node).__name__}", None)
        if method is not None:
            method(node)
        elif isinstance(node, ast.SelectStmt | ast.CallStmt | _ROWS):
            self._rows(node)

    # Names.

    def _relation(self, node: Any, sort: str) -> Thing:
        if node.relpersistence == "t":
            self.temporary.add(node.relname)
        schema = node.schemaname
        if not schema:
            schema = "pg_temp" if node.relname in self.temporary else "public"
        return Thing(sort, schema, node.relname)

    def _part(self, sort: str, relation: Any, name: str) -> Thing:
        return Thing(sort, self._relation(relation, "table").whole, name)

    # Statements that make.

    def _CreateStmt(self, node: Any) -> None:
        table = self._relation(node.relation, "table")
        if node.if_not_exists and table in self.shape.things:
            return
        self.shape.retired.discard(table.whole)
        self.shape.add(table)
        for element in node.tableElts or ():
            if isinstance(element, ast.ColumnDef):
                self._column(table, element)
            elif isinstance(element, ast.Constraint):
                self._constraint(table, element)
            elif isinstance(element, ast.TableLikeClause):
                like = self._relation(element.relation, "table")
                for part in self.shape.parts(like):
                    if part.sort == "column":
                        copy = Thing("column", table.whole, part.name)
                        self.shape.add(copy, self.shape.things[part])

    def _column(self, table: Thing, node: Any) -> None:
        kinds = [c.contype for c in node.constraints or ()]
        type_ = RawStream()(node.typeName)
        needs = any(
            k in (enums.ConstrType.CONSTR_NOTNULL, enums.ConstrType.CONSTR_PRIMARY)
            for k in kinds
        )
        given = any(k in WITH_VALUE for k in kinds) or type_.lower() in SERIAL
        detail = type_ + (GIVEN if given else REQUIRED if needs else "")
        self.shape.add(Thing("column", table.whole, node.colname), detail)
        for constraint in node.constraints or ():
            self._constraint(table, constraint)

    def _constraint(self, table: Thing, node: Any) -> None:
        if node.contype in CONSTRAINTS and node.conname:
            thing = Thing("constraint", table.whole, node.conname)
            self.shape.add(thing, CONSTRAINTS[node.contype])

    def _ViewStmt(self, node: Any) -> None:
        self._view(self._relation(node.view, "view"), node.query, node.aliases)

    def _CreateTableAsStmt(self, node: Any) -> None:
        thing = self._relation(node.into.rel, SORTS.get(node.objtype, "table"))
        self._view(thing, node.query, node.into.colNames)

    def _view(self, thing: Thing, query: Any, aliases: Any) -> None:
        """A view's columns are kept, so that one that is made again shows what went."""
        self.shape.note_if_known(thing)
        if thing in self.shape.things:
            for part in self.shape.parts(thing):
                del self.shape.things[part]
        self.shape.add(thing)
        names = [alias.sval for alias in aliases or ()] or _columns(query)
        known = [t for t in self.shape.before if t.of == thing.whole]
        for name in names if names is not None else [t.name for t in known]:
            self.shape.add(Thing("column", thing.whole, name), UNKNOWN)

    def _CreateFunctionStmt(self, node: Any) -> None:
        sort = "procedure" if node.is_procedure else "function"
        takes = (enums.FunctionParameterMode.FUNC_PARAM_OUT,
                 enums.FunctionParameterMode.FUNC_PARAM_TABLE)  # fmt: skip
        parameters = node.parameters or ()
        given = [p.argType for p in parameters if p.mode not in takes]
        gives = [
            f"{p.name} {RawStream()(p.argType)}" for p in parameters if p.mode in takes
        ]
        returns = RawStream()(node.returnType) if node.returnType else ""
        thing = _function(sort, node.funcname, given)
        self.shape.note_if_known(thing)
        self.shape.add(thing, f"{returns} ({', '.join(gives)})" if gives else returns)

    def _CreateTrigStmt(self, node: Any) -> None:
        thing = self._part("trigger", node.relation, node.trigname)
        self.shape.add(thing, ".".join(name.sval for name in node.funcname))

    def _CreatePolicyStmt(self, node: Any) -> None:
        self.shape.add(self._part("policy", node.table, node.policy_name))

    def _IndexStmt(self, node: Any) -> None:
        table = self._relation(node.relation, "table")
        if not table.is_layers:
            name = node.idxname or f"on {table.name}"
            self.shape.add(Thing("index", table.of, name))

    def _CreateStatsStmt(self, node: Any) -> None:
        self.shape.note(Step.PATCH, "statistics", "statistics added")

    def _CreateSchemaStmt(self, node: Any) -> None:
        if node.schemaname and node.schemaname not in LAYER:
            self.shape.add(Thing("schema", "", node.schemaname))

    def _CreateExtensionStmt(self, node: Any) -> None:
        self.shape.add(Thing("extension", "", node.extname))

    def _CreateSeqStmt(self, node: Any) -> None:
        self.shape.add(self._relation(node.sequence, "sequence"))

    def _CreateEnumStmt(self, node: Any) -> None:
        self.shape.add(_named("type", node.typeName))

    def _CreateDomainStmt(self, node: Any) -> None:
        self.shape.add(_named("type", node.domainname), RawStream()(node.typeName))

    def _CompositeTypeStmt(self, node: Any) -> None:
        self.shape.add(self._relation(node.typevar, "type"))

    def _DefineStmt(self, node: Any) -> None:
        self.shape.add(_named("type", node.defnames))

    # Statements that change.

    def _AlterTableStmt(self, node: Any) -> None:
        table = self._relation(node.relation, SORTS.get(node.objtype, "table"))
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
                    self._column(table, node.def_)
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
                self._constraint(table, node.def_)
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
        thing = _named("type", node.typeName)
        new = f"value {node.newVal!r} of {thing}"
        if node.oldVal:
            text = f"value {node.oldVal!r} of {thing} renamed"
            self.shape.note(Step.MAJOR, "type", text)
        else:
            self.shape.note(Step.MINOR, "type", f"{new} added")

    def _AlterPolicyStmt(self, node: Any) -> None:
        thing = self._part("policy", node.table, node.policy_name)
        self.shape.expect(thing)
        self.shape.note(Step.PATCH, "policy", f"{thing} altered")

    def _RenameStmt(self, node: Any) -> None:
        sort = SORTS.get(node.renameType)
        if sort is None:
            return
        if sort in ("column", "constraint", "trigger", "policy"):
            old = self._part(sort, node.relation, node.subname)
            new = Thing(sort, old.of, node.newname)
        elif node.relation is not None:
            old = self._relation(node.relation, sort)
            new = Thing(sort, old.of, node.newname)
        else:
            old = _object(sort, node.object if node.object else node.subname)
            end = old.name[old.name.find("(") :] if "(" in old.name else ""
            new = Thing(sort, old.of, node.newname + end)
        if not old.is_layers and old.whole not in self.shape.retired:
            self.shape.rename(old, new)

    def _AlterObjectSchemaStmt(self, node: Any) -> None:
        sort = SORTS.get(node.objectType, "type")
        if node.relation is not None:
            old = self._relation(node.relation, sort)
        else:
            old = _object(sort, node.object)
        if old.whole in self.shape.retired:
            return
        new = Thing(old.sort, node.newschema, old.name)
        if old.is_layers:
            self.shape.add(new)
        else:
            self.shape.rename(old, new)

    def _DropStmt(self, node: Any) -> None:
        sort = SORTS.get(node.removeType)
        for item in node.objects:
            if sort is None:
                what = str(node.removeType.name).removeprefix("OBJECT_").lower()
                self.shape.note(Step.MAJOR, "setting", f"{what} dropped")
                continue
            thing = _object(sort, item)
            if thing.of == "public" and thing.name in self.temporary:
                continue
            for found in self._meant(thing, item) or [thing]:
                self.shape.drop(found, maybe=node.missing_ok)

    def _meant(self, thing: Thing, item: Any) -> list[Thing]:
        """Functions of a name, where DROP FUNCTION does not write the arguments."""
        if not getattr(item, "args_unspecified", False):
            return []
        start = thing.name.partition("(")[0] + "("
        return [
            t
            for t in self.shape.things
            if (t.sort, t.of) == (thing.sort, thing.of) and t.name.startswith(start)
        ]

    # Rows, blocks, and what is called.

    def _DoStmt(self, node: Any) -> None:
        options = {option.defname: option.arg for option in node.args}
        if "language" in options and options["language"].sval != "plpgsql":
            self.shape.unread.append(f"DO LANGUAGE {options['language'].sval}")
            return
        for found in plpgsql.of_do(options["as"].sval):
            if isinstance(found, plpgsql.Unread):
                self.shape.unread.append(f"EXECUTE {found.expression}")
            else:
                for raw in parse_sql(found):
                    self.statement(raw.stmt)

    def _TruncateStmt(self, node: Any) -> None:
        for relation in node.relations:
            self._written(relation)

    def _rows(self, node: Any) -> None:
        """INSERT, UPDATE, DELETE wherever they stand, and calls of the layer."""
        finder = _Finder()
        finder(node)
        for relation in finder.written:
            self._written(relation)
        for call in finder.calls:
            self._call(call)

    def _written(self, relation: Any) -> None:
        table = self._relation(relation, "table")
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


_ROWS = ast.InsertStmt | ast.UpdateStmt | ast.DeleteStmt | ast.MergeStmt | ast.CopyStmt


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


def _columns(query: Any) -> list[str] | None:
    """The names that a query's columns have; None where ``*`` hides them."""
    while getattr(query, "larg", None) is not None:
        query = query.larg
    names = []
    for target in getattr(query, "targetList", None) or ():
        match target:
            case ast.ResTarget(name=str(name)):
                names.append(name)
            case ast.ResTarget(
                val=ast.ColumnRef(fields=(*_, ast.String(sval=str(name))))
            ):
                names.append(name)
            case _:
                return None
    return names or None


def _function(sort: str, name: Any, types: Any) -> Thing:
    thing = _named(sort, name)
    arguments = ", ".join(RawStream()(type_) for type_ in types or ())
    return Thing(sort, thing.of, f"{thing.name}({arguments})")


def _object(sort: str, node: Any) -> Thing:
    """What DROP and ALTER call something by."""
    if isinstance(node, str):
        return Thing(sort, "", node)
    match node:
        case ast.ObjectWithArgs():
            return _function(sort, node.objname, node.objargs)
        case ast.TypeName():
            return _named(sort, node.names)
        case ast.String():
            return _named(sort, (node,))
    return _named(sort, node)


def _named(sort: str, names: Any) -> Thing:
    """A name as a list of its parts, schema included or not."""
    parts = [str(part.sval) for part in names]
    if sort in ("schema", "extension"):
        return Thing(sort, "", parts[-1])
    missing = (3 if sort in ("policy", "trigger") else 2) - len(parts)
    *of, name = ["public"] * missing + parts
    return Thing(sort, ".".join(of), name)


def _dotted(sort: str, name: str) -> Thing:
    of, _, last = name.rpartition(".")
    return Thing(sort, of or "public", last)


def _literal(node: Any) -> str | None:
    if isinstance(node, ast.TypeCast):
        return _literal(node.arg)
    if isinstance(node, ast.A_Const) and isinstance(node.val, ast.String):
        return str(node.val.sval)
    return None
