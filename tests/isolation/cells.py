"""The matrix: what each actor should meet with each command, and how to try it.

There are two settings: as it is; and opened, in which the wall in front is taken down
first (the schema for what is in a closed one, the grants for a table), to see that
another stands behind it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.isolation import policy, statements
from tests.isolation.found import Found, Function, Relation, Schema
from tests.isolation.history import OTHER, Actor, History, UndeclaredError
from tests.isolation.policy import Access
from tests.isolation.rows import is_bound
from tests.isolation.statements import Quote

MAINTAIN_SINCE = 170000
ROWS = "SELECT, INSERT, UPDATE, DELETE"


@dataclass(frozen=True)
class Cell:
    """One actor, one command, one object. ``opening`` is empty as things are."""

    object: str
    kind: str
    actor_name: str
    actor: Actor
    command: str
    statements: tuple[str, ...]
    expected: frozenset[str]
    opening: tuple[str, ...] = ()
    oid: int = 0

    def __str__(self) -> str:
        opened = " (opened)" if self.opening else ""
        return f"{self.actor_name}: {self.command} of {self.object}{opened}"


def matrix(history: History, found: Found, quote: Quote) -> list[Cell]:
    """Every cell.

    Raises:
        UndeclaredError: A relation or schema is there that nobody declared.
    """
    cells: list[Cell] = []
    for relation in found.relations:
        cells += _of_relation(history, relation, quote)
        cells += _behind(history, relation, quote)
    for function in found.functions:
        cells += _of_function(history, function)
    for schema in found.schemas:
        cells += _of_schema(history, schema)
    newer = found.server_version >= MAINTAIN_SINCE
    return [cell for cell in cells if newer or cell.command != "MAINTAIN"]


def access(history: History, relation: Relation) -> tuple[str, Mapping[str, Access]]:
    """A relation's kind, and what that allows to each actor."""
    kind = history.kind(relation.schema, relation.table)
    if kind == "found":
        return kind, policy.found(history.found[relation.label])
    return kind, history.kinds[kind]


def expected(
    history: History, relation: Relation, actor: Actor, allowed: Access
) -> Access:
    """``allowed``, with what the relation's foreign keys add."""
    model = history.model(relation.schema, relation.table)
    if model is None or history.tenant not in model.c:
        return allowed
    key = frozenset({"key"})
    changed = dict(allowed)
    if allowed is policy.NOTHING and actor.subject:
        changed["INSERT booked"] = key  # the row is the actor's own, the account is not
    if is_bound(history, model):
        for command, free in (("UPDATE moved", "all"), ("UPSERT as own", "done")):
            if free in allowed.get(command, ()) and actor.subject is None:
                changed[command] = key
    return changed


def _of_relation(history: History, relation: Relation, quote: Quote) -> Iterator[Cell]:
    kind, kinds = access(history, relation)
    shut = relation.schema in history.closed_schemas
    for name, actor in history.actors.items():
        allowed = expected(history, relation, actor, kinds[name])
        if shut:
            allowed = dict.fromkeys(policy.COMMANDS, frozenset({"schema"}))
        yield from _cells(history, relation, quote, kind, name, actor, allowed)


def _behind(history: History, relation: Relation, quote: Quote) -> Iterator[Cell]:
    """What stands behind the first wall, where there is a second."""
    kind, _ = access(history, relation)
    if relation.schema in history.closed_schemas:
        yield from _behind_schema(history, relation, quote)
    elif relation.ours and kind != "found":
        yield from _behind_grants(history, relation, quote, kind)


def _behind_schema(
    history: History, relation: Relation, quote: Quote
) -> Iterator[Cell]:
    opening: tuple[str, ...] = (open_schema(history, relation.schema),)
    model = history.model(relation.schema, relation.table)
    # A parked table keeps its policies and grants: they come back with it.
    kind = model.info["rls"] if model is not None else "closed"
    kinds = history.kinds[kind]
    for name, actor in history.actors.items():
        allowed = policy.NO_VIEW if relation.is_view else kinds[name]
        allowed = expected(history, relation, actor, allowed)
        yield from _cells(history, relation, quote, kind, name, actor, allowed, opening)
        if relation.is_view:
            grant = f"GRANT SELECT ON {relation.name} TO {', '.join(history.roles)}"
            yield from _cells(
                history, relation, quote, kind, name, actor,
                policy.INVOKER[name], (*opening, grant),
            )  # fmt: skip


def _behind_grants(
    history: History, relation: Relation, quote: Quote, kind: str
) -> Iterator[Cell]:
    name, passer_by = relation.name, history.passer_by
    if kind == "owner view":
        opening = (f"GRANT SELECT ON {name} TO {passer_by.role}",)
        actors = {"passer-by": passer_by}
        allowed: Access = policy.BELOW
    elif relation.is_view or relation.relkind == "S":
        return
    else:
        roles = {passer_by.role}
        actors = {"passer-by": passer_by}
        if kind in {"closed", "reference"}:
            actors |= {
                name: actor
                for name, actor in history.actors.items()
                if name in policy.AUTHENTICATED
            }
            roles |= {actor.role for actor in actors.values()}
        opening = (f"GRANT {ROWS} ON {name} TO {', '.join(sorted(roles))}",)
        allowed = {c: policy.NOTHING[c] for c in policy.ROWS}
    for actor_name, actor in actors.items():
        yield from _cells(
            history, relation, quote, kind, actor_name, actor, allowed, opening
        )


def open_schema(history: History, schema: str) -> str:
    """The statement that takes a schema's wall down."""
    return f"GRANT USAGE ON SCHEMA {schema} TO {', '.join(history.roles)}"


def _cells(
    history: History,
    relation: Relation,
    quote: Quote,
    kind: str,
    name: str,
    actor: Actor,
    allowed: Access,
    opening: tuple[str, ...] = (),
) -> Iterator[Cell]:
    user = actor.subject or OTHER
    made = statements.for_relation(history, relation, quote, user)
    for command, texts in made.items():
        if (words := allowed.get(command)) is not None:
            yield Cell(
                relation.label, kind, name, actor, command, texts, words, opening,
                relation.oid,
            )  # fmt: skip


def _of_function(history: History, function: Function) -> Iterator[Cell]:
    allowed = history.functions.get(function.label, frozenset())
    shut = function.schema in history.closed_schemas
    texts = statements.for_function(function)["EXECUTE"]
    settings: list[tuple[str, tuple[str, ...]]] = [("denied", ())]
    if shut:
        opened = (open_schema(history, function.schema),)
        settings = [("schema", ()), ("denied", opened)]
    for name, actor in history.actors.items():
        for refused, opening in settings:
            word = "done" if actor.role in allowed else refused
            yield Cell(
                function.label, "function", name, actor, "EXECUTE", texts,
                frozenset({word}), opening,
            )  # fmt: skip


def _of_schema(history: History, schema: Schema) -> Iterator[Cell]:
    shut = schema.name in history.closed_schemas
    if not shut and schema.name not in history.open_schemas:
        raise UndeclaredError(
            f"schema {schema.name} is in the database, and nobody declared who may "
            f"look into it.\nSay so: closed_schemas or open_schemas in "
            f"{history.declared_in}."
        )
    allowed = history.open_schemas.get(schema.name, frozenset())
    made = statements.for_schema(schema)
    for name, actor in history.actors.items():
        for command, texts in made.items():
            done = command == "USAGE" and actor.role in allowed
            words = frozenset({"done" if done else "schema"})
            yield Cell(
                schema.label, "schema", name, actor, command, texts, words
            )  # fmt: skip
