"""Foreign keys without an index: deleting a referenced row reads the whole table."""

from rollout.checks.context import Context
from rollout.checks.finding import Finding, Item, judge

TITLE = "foreign keys without an index to go with them"

# An index serves when its leading columns are the key's, in any order. A partial one
# serves only where it leaves out nothing but NULL.
QUERY = """
    SELECT n.nspname, c.relname, k.conrelid::regclass::text AS relation,
        quote_ident(k.conname) AS name, k.confrelid::regclass::text AS referenced,
        (
            SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY key.place)
            FROM unnest(k.conkey) WITH ORDINALITY AS key (number, place)
            JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = key.number
        ) AS columns
    FROM pg_constraint AS k
    JOIN pg_class AS c ON c.oid = k.conrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE k.contype = 'f' AND k.conparentid = 0 AND n.nspname = ANY (:schemas)
        AND NOT EXISTS (
            SELECT FROM pg_index AS i
            WHERE i.indrelid = k.conrelid AND i.indisvalid
                AND i.indnkeyatts >= cardinality(k.conkey)
                AND (i.indkey::int2[])[0\\:cardinality(k.conkey) - 1] @> k.conkey
                AND (
                    i.indpred IS NULL
                    OR cardinality(k.conkey) = 1
                        AND pg_get_expr(i.indpred, i.indrelid) = (
                            SELECT format('(%I IS NOT NULL)', a.attname)
                            FROM pg_attribute AS a
                            WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
                        )
                )
        )
    ORDER BY 3, 4
"""


def run(context: Context) -> list[Finding]:
    """Compare the columns of keys and indexes, from the catalog."""
    items = [
        Item(
            f"{row.relation} {row.name}: ({row.columns}) to {row.referenced}",
            f"CREATE INDEX CONCURRENTLY ON {row.relation} ({row.columns});",
            context.is_ours(row.nspname, row.relname),
        )
        for row in context.rows(QUERY, schemas=context.schemas)
    ]
    return judge(
        items, fine="every one has an index", bad="without an index", ours="WARN",
        theirs="PASS",
    )  # fmt: skip
