"""How much of an index is air: estimated from statistics, without reading it.

The size that a freshly built btree would have follows from its rows and the average
width of its columns. Deduplication makes real ones smaller still, so an index is never
accused of more than it has. Run ANALYZE before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

LEAST_WASTED_BYTES = 10 * 1024**2
LEAST_SHARE = 0.4
"""Below these a rebuild is not worth its work."""

# An entry has 8 bytes of header and 4 of line pointer, and is aligned to 8; a page of
# 8 kB has 40 bytes of its own and is filled to fillfactor, 90 by default. Statistics of
# an expression are kept under the index's own name.
QUERY = text("""
    WITH width AS (
        SELECT i.indexrelid, sum(coalesce(s.avg_width, 16)) AS bytes
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indrelid
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_class AS x ON x.oid = i.indexrelid
        CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
        LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
            AND k.number <> 0
        LEFT JOIN pg_attribute AS e ON e.attrelid = i.indexrelid AND e.attnum = k.place
        LEFT JOIN pg_stats AS s ON s.schemaname = n.nspname AND NOT s.inherited
            AND s.tablename = CASE k.number WHEN 0 THEN x.relname ELSE c.relname END
            AND s.attname = CASE k.number WHEN 0 THEN e.attname ELSE a.attname END
        WHERE n.nspname = ANY (CAST(:schemas AS text[]))
        GROUP BY 1
    ), guess AS (
        SELECT x.oid, pg_relation_size(x.oid) AS bytes,
            8192 * (1 + ceil(
                greatest(x.reltuples, 0) * (12 + 8 * ceil(w.bytes / 8.0))
                / (8152 * coalesce((
                    SELECT option_value::int FROM pg_options_to_table(x.reloptions)
                    WHERE option_name = 'fillfactor'
                ), 90) / 100.0)
            ))::bigint AS needed
        FROM width AS w
        JOIN pg_class AS x ON x.oid = w.indexrelid
        JOIN pg_am AS m ON m.oid = x.relam AND m.amname = 'btree'
        WHERE x.relkind = 'i' AND x.reltuples >= 0
    )
    SELECT oid::regclass::text AS name, bytes, bytes - needed AS wasted_bytes
    FROM guess
    WHERE bytes - needed >= :least AND bytes - needed >= :share * bytes
    ORDER BY 3 DESC
""")


@dataclass(frozen=True)
class Bloated:
    """An index and its estimated waste."""

    name: str
    bytes: int
    wasted_bytes: int

    @property
    def remedy(self) -> str:
        """Rebuilds it while the application goes on."""
        return f"REINDEX INDEX CONCURRENTLY {self.name};"


def bloated_indexes(connection: Connection, schemas: Sequence[str]) -> list[Bloated]:
    """The indexes that are worth rebuilding, the most wasteful first."""
    values = {
        "schemas": list(schemas),
        "least": LEAST_WASTED_BYTES,
        "share": LEAST_SHARE,
    }
    return [Bloated(**row) for row in connection.execute(QUERY, values).mappings()]
