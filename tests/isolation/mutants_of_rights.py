"""Mutants of rights: each that a role lacks is granted, each that it has taken away."""

from collections.abc import Iterator

from psycopg2.extensions import connection as Connection

from tests.isolation.cells import MAINTAIN_SINCE
from tests.isolation.found import Found, Relation, rows
from tests.isolation.history import History
from tests.isolation.mutant import Mutant, example, ours

# A privilege on a column is asked for only where there is none on the table.
HELD = """
    SELECT c.oid, r.name, p.name, has_table_privilege(r.name, c.oid, p.name)
    FROM pg_class AS c, unnest(%s::text[]) AS r (name), unnest(%s::text[]) AS p (name)
    WHERE c.oid = ANY (%s::oid[])
"""
SEQUENCES_HELD = HELD.replace("has_table_", "has_sequence_")
EXECUTE_HELD = """
    SELECT r.name, has_function_privilege(r.name, to_regprocedure(%s), 'EXECUTE')
    FROM unnest(%s::text[]) AS r (name)
"""
SCHEMA_HELD = """
    SELECT r.name, p.name, has_schema_privilege(r.name, %s, p.name)
    FROM unnest(%s::text[]) AS r (name), unnest(ARRAY['USAGE', 'CREATE']) AS p (name)
"""
TABLE_RIGHTS = (
    "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER",
)  # fmt: skip
COLUMN_RIGHTS = ("SELECT", "INSERT", "UPDATE")


def tables(history: History, found: Found, connection: Connection) -> Iterator[Mutant]:
    """Of tables, views and sequences that nobody else made."""
    by_oid = _judged(history, found)
    sequences = [oid for oid, r in by_oid.items() if r.relkind == "S"]
    others = [oid for oid in by_oid if oid not in sequences]
    newer = connection.server_version >= MAINTAIN_SINCE
    rights = [*TABLE_RIGHTS, *(["MAINTAIN"] if newer else [])]
    for query, names, oids in (
        (HELD, rights, others),
        (SEQUENCES_HELD, ["USAGE", "SELECT", "UPDATE"], sequences),
    ):
        for oid, role, right, held in rows(
            connection, query, history.roles, names, oids
        ):
            yield _grant(history, by_oid[oid], role, right, held)
    for relation in by_oid.values():
        for role in ("PUBLIC", *history.roles):
            yield _grant(history, relation, role, "ALL", False)


def _judged(history: History, found: Found) -> dict[int, Relation]:
    relations = ours(history, found)
    return {r.oid: r for r in relations if r.label not in history.found}


def _grant(
    history: History, relation: Relation, role: str, right: str, held: bool
) -> Mutant:
    verb, to = ("REVOKE", "FROM") if held else ("GRANT", "TO")
    kind = "SEQUENCE " if relation.relkind == "S" else ""
    return Mutant(
        "grant", relation.label, f"{verb} {right} {to} {role}",
        (f"{verb} {right} ON {kind}{relation.name} {to} {role}",),
        relation.oid, (example(history, role), right),
    )  # fmt: skip


def columns(history: History, found: Found, connection: Connection) -> Iterator[Mutant]:
    """On one column, where there is none on the table."""
    by_oid = {k: r for k, r in _judged(history, found).items() if r.relkind != "S"}
    for oid, role, right, held in rows(
        connection, HELD, history.roles, list(COLUMN_RIGHTS), list(by_oid)
    ):
        if held:
            continue
        relation = by_oid[oid]
        column = f'"{relation.columns[0]}"'
        command = {"SELECT": "count"}.get(right, f"{right} a column")
        yield Mutant(
            "column grant", relation.label, f"GRANT {right} ({column}) TO {role}",
            (f"GRANT {right} ({column}) ON {relation.name} TO {role}",),
            oid, (example(history, role), command),
        )  # fmt: skip


def functions(
    history: History, found: Found, connection: Connection
) -> Iterator[Mutant]:
    """Of functions."""
    for function in found.functions:
        held = dict(rows(connection, EXECUTE_HELD, function.label, history.roles))
        sort = "definer function" if function.definer else "function"
        for role in ("PUBLIC", *history.roles):
            verb, to = ("REVOKE", "FROM") if held.get(role) else ("GRANT", "TO")
            if role == "PUBLIC" and all(held.values()):
                continue
            statements = [f"{verb} EXECUTE ON FUNCTION {function.label} {to} {role}"]
            if verb == "REVOKE":  # what everybody may, each role may
                statements.append(
                    f"REVOKE EXECUTE ON FUNCTION {function.label} FROM PUBLIC"
                )
            yield Mutant(
                sort, function.label, f"{verb} EXECUTE {to} {role}", tuple(statements)
            )


def schemas(history: History, found: Found, connection: Connection) -> Iterator[Mutant]:
    """Of schemas."""
    for schema in found.schemas:
        if not schema.ours:
            continue
        for role, right, held in rows(
            connection, SCHEMA_HELD, schema.name, history.roles
        ):
            verb, to = ("REVOKE", "FROM") if held else ("GRANT", "TO")
            statements = [f"{verb} {right} ON SCHEMA {schema.name} {to} {role}"]
            if held:
                statements.append(f"REVOKE {right} ON SCHEMA {schema.name} FROM PUBLIC")
            yield Mutant(
                "schema", schema.label, f"{verb} {right} {to} {role}",
                tuple(statements), 0, (example(history, role), right),
            )  # fmt: skip


def roles(history: History, connection: Connection) -> Iterator[Mutant]:
    """Of roles, where who is connected may change them."""
    ((superuser,),) = rows(connection, "SELECT current_setting('is_superuser') = 'on'")
    for role in history.roles:
        if superuser and role != "service_role":
            yield Mutant("role", role, "BYPASSRLS", (f"ALTER ROLE {role} BYPASSRLS",))
