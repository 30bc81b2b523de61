"""Mutants of what decides about rows: policies, views, the keys that hold a user."""

from collections.abc import Iterator

from psycopg2.extensions import connection as Connection

from tests.isolation.found import Found, Relation, rows
from tests.isolation.history import History
from tests.isolation.mutant import Mutant, ours
from tests.isolation.weaker import weaker

POLICIES = """
    SELECT p.polrelid::oid, quote_ident(p.polname), p.polcmd::text,
        pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid),
        ARRAY(SELECT CASE r WHEN 0 THEN 'PUBLIC' ELSE r::regrole::text END
            FROM unnest(p.polroles) AS r)
    FROM pg_policy AS p ORDER BY p.polrelid::regclass::text, p.polname
"""
# Foreign keys with the tenant in them: their other columns, here and there.
SHARED_KEYS = """
    SELECT k.conrelid::oid, quote_ident(k.conname), k.confrelid::regclass::text,
        string_agg(quote_ident(a.attname), ', ' ORDER BY pair.place)
            FILTER (WHERE a.attname <> %(tenant)s),
        string_agg(quote_ident(b.attname), ', ' ORDER BY pair.place)
            FILTER (WHERE a.attname <> %(tenant)s)
    FROM pg_constraint AS k
    CROSS JOIN LATERAL unnest(k.conkey, k.confkey)
        WITH ORDINALITY AS pair (here, there, place)
    JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = pair.here
    JOIN pg_attribute AS b ON b.attrelid = k.confrelid AND b.attnum = pair.there
    WHERE k.contype = 'f' AND cardinality(k.conkey) > 1
    GROUP BY k.oid
    HAVING bool_or(a.attname = %(tenant)s)
"""
FOR = {"*": "ALL", "r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}


def policies(
    history: History, found: Found, connection: Connection
) -> Iterator[Mutant]:
    """Dropped, weakened in every part, opened to others."""
    relations = {r.oid: r for r in ours(history, found)}
    for oid, name, command, using, check, to in rows(connection, POLICIES):
        if (relation := relations.get(oid)) is None:
            continue
        on = f"{name} ON {relation.name}"
        tried = "SELECT" if command == "*" else FOR[command]

        def mutant(
            what: str,
            statement: str,
            actor: str = "other",
            relation: Relation = relation,
            name: str = name,
            tried: str = tried,
        ) -> Mutant:
            label, at = f"policy {name}: {what}", relation
            first = (actor, tried)
            return Mutant("policy", at.label, label, (statement,), at.oid, first)

        yield mutant("dropped", f"DROP POLICY {on}", "owner")
        for clause, text in (("USING", using), ("WITH CHECK", check)):
            for now in weaker(text):
                what = f"{clause} ({now})"
                yield mutant(what, f"ALTER POLICY {on} {what}")
        if check is None and FOR[command] in {"ALL", "UPDATE"}:
            yield mutant("WITH CHECK (true)", f"ALTER POLICY {on} WITH CHECK (true)")
        if to != ["PUBLIC"]:
            for role in ("PUBLIC", history.passer_by.role):
                yield mutant(f"TO {role}", f"ALTER POLICY {on} TO {role}", "passer-by")


def row_security(history: History, found: Found) -> Iterator[Mutant]:
    """Switched off, or with one policy more."""
    for relation in ours(history, found):
        if not relation.row_security:
            continue
        on, at = relation.name, (relation.label, relation.oid)
        yield Mutant(
            "row level security", at[0], "row level security off",
            (f"ALTER TABLE {on} DISABLE ROW LEVEL SECURITY",), at[1],
            ("other", "SELECT"),
        )  # fmt: skip
        for command, clause in (
            ("SELECT", "USING (true)"), ("INSERT", "WITH CHECK (true)"),
            ("UPDATE", "USING (true)"), ("DELETE", "USING (true)"),
        ):  # fmt: skip
            yield Mutant(
                "policy", at[0], f"one more policy FOR {command} {clause}",
                (f"CREATE POLICY more ON {on} FOR {command} {clause}",), at[1],
                ("other", command),
            )  # fmt: skip


def views(history: History, found: Found) -> Iterator[Mutant]:
    """Read as their owner."""
    for relation in ours(history, found):
        if relation.relkind == "v":
            yield Mutant(
                "view option", relation.label, "security_invoker off",
                (f"ALTER VIEW {relation.name} SET (security_invoker = false)",),
                relation.oid,
            )  # fmt: skip


def keys(history: History, found: Found, connection: Connection) -> Iterator[Mutant]:
    """Foreign keys that hold the user: dropped, or without the user."""
    relations = {r.oid: r for r in ours(history, found)}
    with connection.cursor() as cursor:
        cursor.execute(SHARED_KEYS, {"tenant": history.tenant})
        shared = list(cursor.fetchall())
    for oid, name, parent, columns, parents in shared:
        if (relation := relations.get(oid)) is None:
            continue
        drop = f"ALTER TABLE {relation.name} DROP CONSTRAINT {name}"
        plain = (
            f"ALTER TABLE {relation.name} ADD FOREIGN KEY ({columns}) "
            f"REFERENCES {parent} ({parents}) ON DELETE CASCADE"
        )
        changes = {"dropped": (drop,), f"on {columns} alone": (drop, plain)}
        for what, statements in changes.items():
            yield Mutant(
                "foreign key", relation.label, f"foreign key {name} {what}",
                statements, oid, ("other", "INSERT booked"),
            )  # fmt: skip
