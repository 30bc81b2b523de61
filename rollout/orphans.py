"""Rows that would break a foreign key that was never validated."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

SAMPLE_ROWS = 5
TIMEOUT_S = 15
"""For one foreign key: the question reads both tables."""

# MATCH SIMPLE: a NULL in any column refers to nothing.
KEYS = text("""
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
    FROM pg_constraint AS k
    JOIN pg_class AS c ON c.oid = k.conrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE k.contype = 'f' AND NOT k.convalidated
        AND n.nspname = ANY (CAST(:schemas AS text[]))
        AND coalesce(to_jsonb(k) ->> 'conenforced', 'true') = 'true'
    ORDER BY 1, 2
""")


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key NOT VALID; names are quoted where needed."""

    relation: str
    name: str
    referenced: str
    columns: list[str]
    referenced_columns: list[str]

    @property
    def condition(self) -> str:
        """SQL that is true for the rows of ``relation`` (as ``t``) that break it."""
        given = " AND ".join(f"t.{column} IS NOT NULL" for column in self.columns)
        pairs = zip(self.referenced_columns, self.columns, strict=True)
        same = " AND ".join(f"r.{theirs} = t.{own}" for theirs, own in pairs)
        return (
            f"{given} AND NOT EXISTS (SELECT FROM {self.referenced} AS r WHERE {same})"
        )

    @property
    def query(self) -> str:
        """SQL that shows all of them."""
        return f"SELECT * FROM {self.relation} AS t WHERE {self.condition};"

    def sample(self, connection: Connection) -> list[str]:
        """Some of the values that refer to nothing."""
        row = f"ROW({', '.join(f't.{column}' for column in self.columns)})::text"
        found = connection.scalars(
            text(
                f"SELECT {row} FROM {self.relation} AS t"
                f" WHERE {self.condition} LIMIT {SAMPLE_ROWS}"
            )
        )
        return [str(value) for value in found]


def unvalidated(connection: Connection, schemas: Sequence[str]) -> list[ForeignKey]:
    """The foreign keys NOT VALID in ``schemas``."""
    rows = connection.execute(KEYS, {"schemas": list(schemas)}).mappings()
    return [ForeignKey(**row) for row in rows]
