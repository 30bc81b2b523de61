"""Cells from rules: each row is tried by each actor, the rule says what comes of it.

The rows are made up from seeds: of each row, copies that differ in one column that a
rule speaks of, as long as a copy comes out otherwise for somebody. Foreign keys, checks
and triggers are taken away first, so that nothing but grants and policies says no.
"""

import json
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from tests.isolation import cells as closed
from tests.isolation import statements
from tests.isolation.cells import ROWS, Cell
from tests.isolation.found import PROBE, Found, Function, Relation, look, rows
from tests.isolation.history import Actor, History, UndeclaredError
from tests.isolation.household import (
    ADMIN,
    ADMINS,
    GONE,
    HIDDEN,
    HOMEOPS,
    MEMBER,
    RULES,
    USER,
    Rules,
)
from tests.isolation.lab import Lab, _connected
from tests.isolation.statements import Quote
from tests.isolation.trial import Trial, quoting
from tests.isolation.weaker import split

KIND = "declared"
ROUNDS, BEST = 3, 120
"""Rounds of copies of copies, and how many rows of each go on."""
BEGUN = {
    "marketplace.content_reports": {
        "reporter_id": str(USER), "status": "open", "decided_by": None, "post_id": None,
    },
}  # fmt: skip
"""What the seeds have nothing like: a row as a member may put it in."""
LAST = (
    "marketplace.posts", "marketplace.post_reactions", "marketplace.reviews",
    "marketplace.content_reports",
)  # fmt: skip
"""Their rules look at rows that no foreign key of theirs leads to."""
PEOPLE = ("administrator", "member", "former member", "stranger")
COMMANDS = ("read", "insert", "update", "becomes", "delete")
CLEARED = """
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT IF EXISTS %%I CASCADE',
        conrelid::regclass, conname)
    FROM pg_constraint JOIN pg_class AS c ON c.oid = conrelid
    WHERE contype IN ('f', 'c', 'u', 'x') AND coninhcount = 0
        AND c.relnamespace::regnamespace::text = ANY (%(s)s)
    UNION ALL
    SELECT format('DROP INDEX %%s', i.indexrelid::regclass)
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
    WHERE indisunique AND NOT indisprimary
        AND c.relnamespace::regnamespace::text = ANY (%(s)s)
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
    UNION ALL
    SELECT format('DROP TRIGGER %%I ON %%s', tgname, tgrelid::regclass)
    FROM pg_trigger JOIN pg_class AS c ON c.oid = tgrelid
    WHERE NOT tgisinternal AND c.relnamespace::regnamespace::text = ANY (%(s)s)
    UNION ALL
    SELECT format('ALTER TABLE %%s ALTER %%I DROP NOT NULL', c.oid::regclass, attname)
    FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid
    WHERE attnotnull AND attnum > 0 AND c.relkind = 'r'
        AND c.relnamespace::regnamespace::text = ANY (%(s)s)
        AND NOT EXISTS (SELECT FROM pg_index AS i
            WHERE i.indrelid = c.oid AND i.indisprimary AND attnum = ANY (i.indkey))
"""
LISTED = """
    SELECT pg_get_constraintdef(k.oid) FROM pg_constraint AS k
    WHERE k.conrelid = %s::regclass AND k.contype = 'c'
"""


def condition(rule: str | None, actor_name: str, actor: Actor) -> str:
    """A rule for one actor, as SQL."""
    me = f"'{actor.subject}'::uuid" if actor.subject else "NULL::uuid"
    text = (rule or "false").replace("{me}", me)
    text = text.replace("{member}", str(actor_name in MEMBER).lower())
    return (
        f"coalesce({text.replace('{admin}', str(actor_name in ADMINS).lower())}, false)"
    )


def becomes(rules: Rules) -> str | None:
    return rules.becomes or rules.update


def prepare(history: History, connection: Connection) -> None:
    """Take away what is not about access, and make the rows up."""
    schemas = sorted({name.partition(".")[0] for name in RULES})
    cursor = connection.cursor()
    listed = {name: _listed(connection, name) for name in RULES}
    cursor.execute(CLEARED, {"s": schemas})
    for (statement,) in cursor.fetchall():
        cursor.execute(statement)
    cursor.execute(
        "INSERT INTO core.users (id, email, full_name, is_active) "
        "VALUES (%s, 'gone@homeops.local', 'Gone', false)", (GONE,)
    )  # fmt: skip
    cursor.execute(
        f"CREATE SCHEMA {PROBE};"
        f"GRANT USAGE, CREATE ON SCHEMA {PROBE} TO {', '.join(history.roles)}"
    )
    tables = [t for t in history.metadata.sorted_tables if t.fullname in RULES]
    tables.sort(key=lambda t: LAST.index(t.fullname) + 1 if t.fullname in LAST else 0)
    for table in tables:
        _Rows(history, connection, table, listed[table.fullname]).make()


def _listed(connection: Connection, name: str) -> dict[str, list[str]]:
    """Column to the values that a CHECK lists."""
    found: dict[str, list[str]] = {}
    for (text,) in rows(connection, LISTED, name):
        if match := re.match(r"CHECK \(\((\w+) = ANY \(ARRAY\[(.*)\]\)\)\)$", text):
            found[match[1]] = re.findall(r"'(.*?)'", match[2])
    return found


class _Rows:
    """The rows of one table: seeds', and copies that differ for somebody."""

    def __init__(
        self, history: History, connection: Connection, table: sa.Table,
        listed: dict[str, list[str]],
    ) -> None:  # fmt: skip
        self._history, self._connection, self._table = history, connection, table
        self._rules, self._listed = RULES[table.fullname], listed
        words = " ".join(getattr(self._rules, c) or "" for c in (*COMMANDS, "also"))
        # In front of a bracket are the columns of this table, inside those of others.
        outer = _outside_of_selects(words)
        self.columns = [
            c
            for c in table.columns
            if c.name != "id" and re.search(rf"\b{c.name}\b", outer)
        ]
        self._quoted = re.findall(r"'(\w+)'", outer)
        spoken = {c.name for c in self.columns}
        self._new_keys = [
            c.name
            for c in table.primary_key.columns
            if isinstance(c.type, sa.Uuid) and c.name not in spoken
        ][:1]

    def make(self) -> None:
        seeds = self._documents(f"SELECT to_jsonb(t) FROM {self._table.fullname} AS t")
        if begun := BEGUN.get(self._table.fullname):
            seeds.append(seeds[0] | begun | {"id": str(uuid.UUID(int=1))})
        kept: dict[Any, dict[str, Any]] = {}
        for vector, row in self._judged(seeds, parts=True):
            kept.setdefault(vector, row)
        pools = {c.name: self._pool(c) for c in self.columns}
        fresh = list(kept.values())
        for _ in range(ROUNDS):
            made = [
                row | {name: value}
                for row in fresh
                for name, pool in pools.items()
                for value in pool
                if row[name] != value
            ]
            fresh = []
            # Those first that are nearly right for somebody.
            judged = self._judged(made, parts=True)
            for vector, row in sorted(judged, key=lambda j: _wrong(j[0])):
                if vector not in kept and len(fresh) < BEST:
                    fresh.append(row)
                    key = str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(row)))
                    new = dict.fromkeys(self._new_keys, key)
                    kept[vector] = row | new
        cursor = self._connection.cursor()
        if self._table.fullname != "core.users":
            cursor.execute(f"DELETE FROM {self._table.fullname}")
        for row in kept.values():
            cursor.execute(
                f"INSERT INTO {self._table.fullname} SELECT (r).* FROM "
                f"jsonb_populate_record(NULL::{self._table.fullname}, %s) AS r "
                "ON CONFLICT DO NOTHING", (json.dumps(row),)
            )  # fmt: skip

    def _documents(self, query: str) -> list[dict[str, Any]]:
        return [row for (row,) in rows(self._connection, query)]

    def _judged(
        self, documents: list[dict[str, Any]], *, parts: bool = False
    ) -> list[Any]:
        """Each row with what everybody may do with it; each part of a rule, too."""
        if not documents:
            return []
        name = self._table.fullname
        asked = ", ".join(
            condition(text, person, self._history.actors[person])
            for person in PEOPLE
            for c in (*COMMANDS, "also")
            if (rule := getattr(self._rules, c))
            for text in (rule, *(_parts(rule) if parts else ()))
        )
        query = (
            f"SELECT ARRAY[{asked}] FROM jsonb_array_elements(%s) WITH ORDINALITY AS e"
            f" (d, n), jsonb_populate_record(NULL::{name}, e.d) ORDER BY e.n"
        )
        found = rows(self._connection, query, json.dumps(documents))
        return [
            (tuple(vector), row)
            for (vector,), row in zip(found, documents, strict=True)
        ]

    def _pool(self, column: sa.Column[Any]) -> list[Any]:
        """Values to try in a column."""
        if column.name in self._listed:
            return self._listed[column.name]
        if isinstance(column.type, sa.Boolean):
            return [True, False]
        nothing = [None] if column.nullable else []
        keys = sorted((key.column for key in column.foreign_keys), key=str)
        if not keys:
            query = f"SELECT DISTINCT {column.name}::text FROM {self._table.fullname}"
            query += " ORDER BY 1 LIMIT 6"
            there = [value for (value,) in rows(self._connection, query)]
            return [*dict.fromkeys([*there, *self._quoted])]
        ids = [key for key in keys if key.name == "id"]
        parent = (ids or keys)[0]
        if parent.table.fullname == "core.users":
            return [str(ADMIN), str(USER), str(GONE), *nothing]
        judge = _Rows(self._history, self._connection, parent.table, {})
        every = f"SELECT to_jsonb(t) FROM {parent.table.fullname} AS t"
        found: dict[Any, Any] = {}
        for vector, row in judge._judged(judge._documents(every)):
            found.setdefault(vector, row[parent.name])
        return [*found.values(), *nothing]


def _wrong(vector: Sequence[bool]) -> int:
    """How much of a row is wrong for whom it suits best."""
    size = len(vector) // len(PEOPLE)
    return min(
        vector[at : at + size].count(False) for at in range(0, len(vector), size)
    )


def _parts(rule: str) -> Iterator[str]:
    """What AND and OR join in a rule, on every level."""
    _, found = split(rule)
    for part in found if len(found) > 1 else ():
        yield part
        yield from _parts(part)


def _outside_of_selects(text: str) -> str:
    """``text`` without what is in brackets that begin with SELECT."""
    kept, depth, position = [], 0, 0
    for token in re.finditer(r"\(SELECT|\(|\)", text):
        if depth == 0:
            kept.append(text[position : token.start()])
        if token[0] == "(SELECT" or depth:
            depth += -1 if token[0] == ")" else 1
        position = token.end()
    return " ".join([*kept, text[position:] if depth == 0 else ""])


class DeclaredTrial(Trial):
    """Says how many rows were touched, where a rule says how many there should be."""

    def _success(self, cell: Cell, cursor: Cursor) -> str:
        if cell.kind != KIND or cell.command.split()[0] in {"INSERT", *RIGHTS}:
            return super()._success(cell, cursor)
        if cell.command == "count":
            return str(cursor.fetchone()[0])
        return str(cursor.rowcount)

    def _try(self, cell: Cell, statement: str) -> str:
        word = super()._try(cell, statement)
        # It is asked whether it may before it is asked whether it can.
        if cell.kind == KIND and word in {"error 23505", "error 23502"}:
            return "1" if cell.command.startswith("UPDATE") else "done"
        called = cell.kind == "function" and word.startswith("error ")
        return "done" if called else word


STAND_IN = ("auth",)
"""What Supabase has itself; on a plain server revision 000 makes something like it."""
RIGHTS = {"TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"}


def look_around(history: History, connection: Connection) -> Lab:
    found = look(connection)
    cells = list(_matrix(history, found, connection))
    newer = found.server_version >= closed.MAINTAIN_SINCE
    cells = [cell for cell in cells if newer or cell.command != "MAINTAIN"]
    trial = DeclaredTrial(connection, found, history.tenant)
    return Lab(history, connection, found, cells, trial)


def _matrix(history: History, found: Found, connection: Connection) -> Iterator[Cell]:
    quote = quoting(connection)
    for relation in found.relations:
        if relation.label in RULES:
            yield from _Cells(history, connection, relation, quote).all()
        elif relation.schema in history.closed_schemas:
            yield from closed._of_relation(history, relation, quote)
            yield from closed._behind(history, relation, quote)
        elif relation.schema not in STAND_IN:
            raise UndeclaredError(
                f"{relation.label} is in the database, and nobody declared who may use "
                f"it.\nSay so: RULES in {history.declared_in}."
            )
    for function in found.functions:
        yield from _of_function(history, function)
    for schema in found.schemas:
        yield from closed._of_schema(history, schema)


def _of_function(history: History, function: Function) -> Iterator[Cell]:
    """As it is, and with the schema open to everybody."""
    allowed = history.functions.get(function.label, frozenset())
    texts = statements.for_function(function)["EXECUTE"]
    opened = (closed.open_schema(history, function.schema),)
    for name, actor in history.actors.items():
        for opening, refused in (((), {"denied", "schema"}), (opened, {"denied"})):
            words = {"done"} if actor.role in allowed else refused
            yield Cell(
                function.label, "function", name, actor, "EXECUTE", texts,
                frozenset(words), opening,
            )  # fmt: skip


@dataclass(frozen=True)
class _Cells:
    """The cells of one table."""

    history: History
    connection: Connection
    relation: Relation
    quote: Quote

    def all(self) -> Iterator[Cell]:
        everything = self._rows()
        if not everything:
            raise AssertionError(f"{self.relation.label}: the seeds have no row of it")
        for name, actor in self.history.actors.items():
            if actor.role == "anon":
                yield from self._shut(name, actor, everything)
            elif actor.role == "service_role":
                yield from self._service(name, actor, everything)
            else:
                yield from self._person(name, actor, everything)
        yield from self._passer_by(everything)

    def _rows(self) -> list[dict[str, Any]]:
        query = f"SELECT to_jsonb(t) FROM {self.relation.name} AS t ORDER BY 1"
        return [row for (row,) in rows(self.connection, query)]

    @property
    def rules(self) -> Rules:
        return RULES[self.relation.label]

    def _whole(self, row: dict[str, Any]) -> list[tuple[str, str]]:
        """A statement a command, of all rows."""
        name = self.relation.name
        return [
            ("count", f"SELECT count(*) FROM {name}"),
            ("INSERT", self._insert(row)),
            ("UPDATE", self._update(self._neutral(), row)),
            ("DELETE", f"DELETE FROM {name}"),
        ]

    def _passer_by(self, everything: list[dict[str, Any]]) -> Iterator[Cell]:
        """An administrator's token in a role that policies are not for."""
        passer_by, table = self.history.passer_by, self.relation
        opening = (
            f"GRANT USAGE ON SCHEMA {table.schema}, private TO {passer_by.role}",
            f"GRANT {ROWS} ON {table.name} TO {passer_by.role}",
        )
        name = ADMINS[0]
        may = self._verdicts(
            self.rules.insert, name, self.history.actors[name], everything
        )
        row = everything[may.index(True)] if True in may else everything[0]
        for command, text in self._whole(row):
            word = "refused" if command == "INSERT" else "0"
            yield self._cell("passer-by", passer_by, command, text, word, opening)

    def _shut(
        self, name: str, actor: Actor, everything: list[dict[str, Any]]
    ) -> Iterator[Cell]:
        """The schema is closed; open, nothing in it is granted."""
        opening = (f"GRANT USAGE ON SCHEMA {self.relation.schema} TO {actor.role}",)
        for command, text in self._whole(everything[0]):
            yield self._cell(name, actor, command, text, "schema")
            yield self._cell(name, actor, command, text, "denied", opening)
        for command in ("INSERT a column", "UPDATE a column"):
            texts = statements._plain(self.relation)[command]
            yield self._cell(name, actor, command, texts, "denied", opening)
        yield from self._rights(name, actor, opening)

    def _service(
        self, name: str, actor: Actor, everything: list[dict[str, Any]]
    ) -> Iterator[Cell]:
        if self.rules.read is None:
            yield from self._denied(name, actor, everything)
            return
        for command, text in self._whole(everything[0]):
            word = "done" if command == "INSERT" else str(len(everything))
            yield self._cell(name, actor, command, text, word)
        yield from self._rights(name, actor)

    def _denied(
        self, name: str, actor: Actor, everything: list[dict[str, Any]]
    ) -> Iterator[Cell]:
        """Nothing is granted; and if it were, no policy lets anybody in."""
        opening = (f"GRANT {ROWS} ON {self.relation.name} TO {actor.role}",)
        for command, text in self._whole(everything[0]):
            yield self._cell(name, actor, command, text, "denied")
            if actor.role != "service_role":
                word = "refused" if command == "INSERT" else "0"
                yield self._cell(name, actor, command, text, word, opening)
        for command in ("INSERT a column", "UPDATE a column"):
            texts = statements._plain(self.relation)[command]
            yield self._cell(name, actor, command, texts, "denied")
        yield from self._rights(name, actor)

    def _person(
        self, name: str, actor: Actor, everything: list[dict[str, Any]]
    ) -> Iterator[Cell]:
        table, rules = self.relation.name, self.rules
        if rules.read is None:
            yield from self._denied(name, actor, everything)
            return
        read, put, change, after, remove = (
            self._verdicts(rule, name, actor, everything)
            for rule in (
                rules.read, rules.insert, rules.update, becomes(rules), rules.delete
            )
        )  # fmt: skip
        count = f"SELECT count(*) FROM {table}"
        yield self._cell(name, actor, "count", count, str(sum(read)))
        if hidden := HIDDEN.get(self.relation.label):
            text = f"SELECT {hidden} FROM {table}"
            yield self._cell(name, actor, "SELECT", text, "denied")
        deleted = "denied" if rules.delete is None else str(sum(remove))
        yield self._cell(name, actor, "DELETE", f"DELETE FROM {table}", deleted)
        updated = str(sum(change))
        if any(u and not b for u, b in zip(change, after, strict=True)):
            updated = "refused"
        whole = self._update(self._neutral(), everything[0])
        word = "denied" if rules.update is None else updated
        yield self._cell(name, actor, "UPDATE", whole, word)
        for row, may in zip(everything, put, strict=True):
            if rules.insert is not None:
                word = "done" if may else "refused"
                yield self._cell(name, actor, "INSERT", self._insert(row), word)
        if rules.update is not None:
            both = [r and u for r, u in zip(read, change, strict=True)]
            yield from self._changed(name, actor, everything, both)
        yield from self._columns(name, actor)
        yield from self._rights(name, actor)

    def _columns(self, name: str, actor: Actor) -> Iterator[Cell]:
        """What is granted on no column, or not on all."""
        table, rules = self.relation.name, self.rules
        plain = statements._plain(self.relation)
        if rules.insert is None:
            texts = plain["INSERT a column"]
            yield self._cell(name, actor, "INSERT a column", texts, "denied")
        if rules.update is None:
            texts = plain["UPDATE a column"]
            yield self._cell(name, actor, "UPDATE a column", texts, "denied")
        for granted, text in (
            (rules.insert_columns, 'INSERT INTO {0} ("{1}") VALUES (DEFAULT)'),
            (rules.columns, 'UPDATE {0} SET "{1}" = DEFAULT'),
        ):
            others = [c for c in self.relation.columns if c not in granted]
            for column in others[:1] if granted else ():
                command = f"{text.split()[0]} another column"
                made = text.format(table, column)
                yield self._cell(name, actor, command, made, "denied")

    def _changed(
        self, name: str, actor: Actor, everything: list[dict[str, Any]], may: list[bool]
    ) -> Iterator[Cell]:
        """One row becomes like another one in a column that a rule speaks of."""
        granted = self.rules.columns or self.relation.columns
        tried = []
        for column in [c for c in self._spoken() if c in granted]:
            values = {json.dumps(row[column]): row[column] for row in everything}
            tried += [
                (row, column, row | {column: value})
                for row, allowed in zip(everything, may, strict=True)
                if allowed
                for value in values.values()
            ]
        neutral = self._neutral()
        for row, allowed in zip(everything, may, strict=True):
            if not allowed:
                text = self._update(neutral, row) + self._where(row)
                yield self._cell(name, actor, "UPDATE of a row", text, "0")
        changed = [row for _, _, row in tried]
        fits = self._verdicts(becomes(self.rules), name, actor, changed)
        # Readable afterwards too: the WHERE asks the SELECT policy as well.
        seen = self._verdicts(self.rules.read, name, actor, changed)
        for (row, column, new), fit, shown in zip(tried, fits, seen, strict=True):
            text = self._update(column, new) + self._where(row)
            word = "1" if fit and shown else "refused"
            yield self._cell(name, actor, "UPDATE of a row", text, word)

    def _spoken(self) -> list[str]:
        """Columns that a rule speaks of."""
        model = self.history.model(self.relation.schema, self.relation.table)
        if model is None:
            return []
        return [c.name for c in _Rows(self.history, self.connection, model, {}).columns]

    def _rights(
        self, name: str, actor: Actor, opening: tuple[str, ...] = ()
    ) -> Iterator[Cell]:
        made = statements._rights(self.relation)
        for command in sorted(RIGHTS & set(made)):
            yield self._cell(name, actor, command, made[command], "denied", opening)

    def _verdicts(
        self, rule: str | None, name: str, actor: Actor,
        documents: list[dict[str, Any]],
    ) -> list[bool]:  # fmt: skip
        query = (
            f"SELECT {condition(rule, name, actor)} FROM "
            "jsonb_array_elements(%s) WITH ORDINALITY AS e (d, n), "
            f"jsonb_populate_record(NULL::{self.relation.name}, e.d) ORDER BY e.n"
        )
        found = rows(self.connection, query, json.dumps(documents))
        return [verdict for (verdict,) in found]

    def _neutral(self) -> str:
        """A column that may be changed, and that no rule speaks of."""
        columns = self.rules.columns or self.relation.columns
        taken = {*self._spoken(), *self.relation.key}
        return next(c for c in columns if c not in taken)

    def _insert(self, row: dict[str, Any]) -> str:
        columns = self.rules.insert_columns or tuple(row)
        if self.relation.key == ("id",):
            row = row | {"id": str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(row)))}
        listed = ", ".join(f'"{c}"' for c in columns)
        chosen = ", ".join(f'r."{c}"' for c in columns)
        record = f"jsonb_populate_record(NULL::{self.relation.name}, %s) AS r"
        text = (
            f"INSERT INTO {self.relation.name} ({listed}) SELECT {chosen} FROM {record}"
        )
        return self.quote(text, (json.dumps(row),))

    def _update(self, column: str, row: dict[str, Any]) -> str:
        value = f'(jsonb_populate_record(NULL::{self.relation.name}, %s))."{column}"'
        text = f'UPDATE {self.relation.name} SET "{column}" = {value}'
        return self.quote(text, (json.dumps({column: row[column]}),))

    def _where(self, row: dict[str, Any]) -> str:
        keys = " AND ".join(f'"{key}" = %s' for key in self.relation.key)
        return self.quote(f" WHERE {keys}", tuple(row[k] for k in self.relation.key))

    def _cell(
        self, name: str, actor: Actor, command: str, text: str | tuple[str, ...],
        word: str, opening: tuple[str, ...] = (),
    ) -> Cell:  # fmt: skip
        texts = (text,) if isinstance(text, str) else text
        return Cell(
            self.relation.label, KIND, name, actor, command, texts,
            frozenset({word}), opening, self.relation.oid,
        )  # fmt: skip


def prepared(url: str) -> None:
    """Make a database with the seeds in it one to try in."""
    with _connected(url) as connection:
        prepare(HOMEOPS, connection)


@contextmanager
def open_household(url: str) -> Iterator[Lab]:
    """Look at what was prepared."""
    with _connected(url) as connection:
        yield look_around(HOMEOPS, connection)
