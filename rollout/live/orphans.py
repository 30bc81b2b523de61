"""Rows that would break a constraint that was never validated."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

SAMPLE_ROWS = 5
TIMEOUT_S = 15
"""For one constraint: the question reads the table until it has found enough."""

# NOT ENFORCED (PostgreSQL 18) is a decision: its rows may break it.
OPEN = """
    FROM pg_constraint AS k
    JOIN pg_class AS c ON c.oid = k.conrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE NOT k.convalidated AND n.nspname = ANY (CAST(:schemas AS text[]))
        AND coalesce(to_jsonb(k) ->> 'conenforced', 'true') = 'true'
"""
# MATCH SIMPLE: a NULL in any column refers to nothing.
KEYS = text(f"""
    SELECT k.conrelid::regclass::text AS relation, quote_ident(k.conname) AS name,
        k.confrelid::regclass::text AS referenced,
        (SELECT array_agg(quote_ident(a.attname) ORDER BY c.place)
            FROM unnest(k.conkey) WITH ORDINALITY AS c (number, place)
            JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = c.number
        ) AS columns,
        (SELECT array_agg(quote_ident(a.attname) ORDER BY c.place)
            FROM unnest(k.confkey) WITH ORDINALITY AS c (number, place)
            JOIN pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = c.number
        ) AS referenced_columns
    {OPEN} AND k.contype = 'f' ORDER BY 1, 2
""")
# 'n' is NOT NULL, a constraint of its own since PostgreSQL 18. A CHECK holds for NULL.
CHECKS = text(f"""
    SELECT k.conrelid::regclass::text AS relation, quote_ident(k.conname) AS name,
        CASE k.contype
            WHEN 'c' THEN format('NOT (%s)', pg_get_expr(k.conbin, k.conrelid))
            ELSE format('t.%I IS NULL', (SELECT attname FROM pg_attribute
                WHERE attrelid = k.conrelid AND attnum = k.conkey[1])) END AS condition,
        coalesce((SELECT array_agg(quote_ident(a.attname) ORDER BY a.attnum)
            FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid
                AND a.attnum = ANY (i.indkey)
            WHERE i.indrelid = k.conrelid AND i.indisprimary), '{{ctid}}') AS columns
    {OPEN} AND k.contype IN ('c', 'n') ORDER BY 1, 2
""")


@dataclass(frozen=True)
class Unvalidated:
    """A constraint NOT VALID; names are quoted where needed.

    ``condition`` is SQL that is true for the rows of ``relation`` (as ``t``) that break
    it, ``says`` what is wrong with them, ``columns`` what tells them apart.
    """

    relation: str
    name: str
    condition: str
    says: str
    columns: list[str]

    @property
    def query(self) -> str:
        """SQL that shows all of them."""
        return f"SELECT * FROM {self.relation} AS t WHERE {self.condition};"

    @property
    def removal(self) -> str:
        """SQL that deletes all of them."""
        return f"DELETE FROM {self.relation} AS t WHERE {self.condition};"

    def sample(self, connection: Connection) -> list[str]:
        """Some of them, by their columns."""
        row = f"ROW({', '.join(f't.{column}' for column in self.columns)})::text"
        statement = (
            f"SELECT {row} FROM {self.relation} AS t"
            f" WHERE {self.condition} LIMIT {SAMPLE_ROWS}"
        )
        found = connection.exec_driver_sql(statement.replace("%", "%%")).scalars()
        return [f"({', '.join(self.columns)}) = {value}" for value in found]


def unvalidated(connection: Connection, schemas: Sequence[str]) -> list[Unvalidated]:
    """The constraints NOT VALID in ``schemas``: foreign keys, then checks."""
    names = {"schemas": list(schemas)}
    return [
        *(_key(**row) for row in connection.execute(KEYS, names).mappings()),
        *(
            Unvalidated(says="rows that break it", **row)
            for row in connection.execute(CHECKS, names).mappings()
        ),
    ]


def _key(
    relation: str,
    name: str,
    referenced: str,
    columns: list[str],
    referenced_columns: list[str],
) -> Unvalidated:
    given = " AND ".join(f"t.{column} IS NOT NULL" for column in columns)
    pairs = zip(referenced_columns, columns, strict=True)
    same = " AND ".join(f"r.{theirs} = t.{own}" for theirs, own in pairs)
    condition = f"{given} AND NOT EXISTS (SELECT FROM {referenced} AS r WHERE {same})"
    return Unvalidated(relation, name, condition, f"rows without {referenced}", columns)
