"""CREATE, whatever it makes."""

from typing import Any

from pglast import ast, enums
from pglast.stream import RawStream

from rollout.reading.names import SORTS, Names, function, named
from rollout.reading.thing import GIVEN, LAYER, REQUIRED, UNKNOWN, Step, Thing

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


class Makes(Names):
    """One method a kind of statement."""

    def _CreateStmt(self, node: Any) -> None:
        table = self.relation(node.relation, "table")
        if node.if_not_exists and table in self.shape.things:
            return
        self.shape.retired.discard(table.whole)
        self.shape.add(table)
        for element in node.tableElts or ():
            if isinstance(element, ast.ColumnDef):
                self.column(table, element)
            elif isinstance(element, ast.Constraint):
                self.constraint(table, element)
            elif isinstance(element, ast.TableLikeClause):
                like = self.relation(element.relation, "table")
                for part in self.shape.parts(like):
                    if part.sort == "column":
                        copy = Thing("column", table.whole, part.name)
                        self.shape.add(copy, self.shape.things[part])

    def column(self, table: Thing, node: Any) -> None:
        """A column as CREATE TABLE and ADD COLUMN define it."""
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
            self.constraint(table, constraint)

    def constraint(self, table: Thing, node: Any) -> None:
        """A constraint with a name; the others are part of their column."""
        if node.contype in CONSTRAINTS and node.conname:
            thing = Thing("constraint", table.whole, node.conname)
            self.shape.add(thing, CONSTRAINTS[node.contype])

    def _ViewStmt(self, node: Any) -> None:
        self._view(self.relation(node.view, "view"), node.query, node.aliases)

    def _CreateTableAsStmt(self, node: Any) -> None:
        thing = self.relation(node.into.rel, SORTS.get(node.objtype, "table"))
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
        thing = function(sort, node.funcname, given)
        self.shape.note_if_known(thing)
        self.shape.add(thing, f"{returns} ({', '.join(gives)})" if gives else returns)

    def _CreateTrigStmt(self, node: Any) -> None:
        thing = self.part("trigger", node.relation, node.trigname)
        self.shape.add(thing, ".".join(name.sval for name in node.funcname))

    def _CreatePolicyStmt(self, node: Any) -> None:
        self.shape.add(self.part("policy", node.table, node.policy_name))

    def _IndexStmt(self, node: Any) -> None:
        table = self.relation(node.relation, "table")
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
        self.shape.add(self.relation(node.sequence, "sequence"))

    def _CreateEnumStmt(self, node: Any) -> None:
        self.shape.add(named("type", node.typeName))

    def _CreateDomainStmt(self, node: Any) -> None:
        self.shape.add(named("type", node.domainname), RawStream()(node.typeName))

    def _CompositeTypeStmt(self, node: Any) -> None:
        self.shape.add(self.relation(node.typevar, "type"))

    def _DefineStmt(self, node: Any) -> None:
        self.shape.add(named("type", node.defnames))


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
