"""Indexes that cost every write and answer no query of their own."""

from rollout.checks.context import Context
from rollout.checks.finding import Finding, Item, judge

TITLE = "indexes that another index makes redundant"

# An index that a constraint or the replica identity needs is never the one to drop. Of
# two equals the younger one goes.
QUERY = """
    WITH index AS (
        SELECT i.indexrelid AS oid, i.indexrelid::regclass::text AS name,
            n.nspname, c.relname, i.indrelid, x.relam, i.indisunique,
            i.indkey::int2[] AS keys, i.indclass::oid[] AS classes,
            i.indcollation::oid[] AS collations, i.indoption::int2[] AS options,
            i.indnkeyatts AS width, i.indnatts AS columns,
            coalesce(pg_get_expr(i.indexprs, i.indrelid), '') AS expressions,
            coalesce(pg_get_expr(i.indpred, i.indrelid), '') AS predicate,
            i.indisreplident OR EXISTS (
                SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid
            ) AS needed,
            am.amname
        FROM pg_index AS i
        JOIN pg_class AS x ON x.oid = i.indexrelid
        JOIN pg_am AS am ON am.oid = x.relam
        JOIN pg_class AS c ON c.oid = i.indrelid
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE i.indisvalid AND n.nspname = ANY (:schemas)
    )
    SELECT a.nspname, a.relname, a.name AS redundant, b.name AS kept,
        a.width = b.width AS identical
    FROM index AS a
    JOIN index AS b ON b.indrelid = a.indrelid AND b.oid <> a.oid
        AND b.relam = a.relam AND b.predicate = a.predicate
        AND b.expressions = a.expressions
    WHERE NOT a.needed AND a.columns = a.width
        AND b.keys[0\\:a.width - 1] = a.keys[0\\:a.width - 1]
        AND b.classes[0\\:a.width - 1] = a.classes[0\\:a.width - 1]
        AND b.collations[0\\:a.width - 1] = a.collations[0\\:a.width - 1]
        AND b.options[0\\:a.width - 1] = a.options[0\\:a.width - 1]
        AND (
            a.width = b.width AND (
                b.indisunique > a.indisunique
                OR b.indisunique = a.indisunique
                    AND (b.needed OR b.columns > a.columns OR b.oid < a.oid)
            )
            OR a.width < b.width AND NOT a.indisunique AND a.amname = 'btree'
                AND a.expressions = ''
        )
    ORDER BY 3, 4
"""


def run(context: Context) -> list[Finding]:
    """Compare keys, operator classes, order, expressions and predicates."""
    rows = context.rows(QUERY, schemas=context.schemas)
    same = {
        row.redundant: Item(
            f"{row.redundant} is the same as {row.kept}",
            f"DROP INDEX CONCURRENTLY {row.redundant};",
            context.is_ours(row.nspname, row.relname),
        )
        for row in rows
        if row.identical
    }
    found = judge(same.values(), fine="none twice", bad="twice", ours="WARN")
    # Worth a thought only: the shorter one is smaller, and may be read far more often.
    prefixes: dict[str, list[str]] = {}
    for row in rows:
        if not row.identical:
            prefixes.setdefault(row.redundant, []).append(row.kept)
    details = [
        f"for your information: {name} is the beginning of {', '.join(longer)}"
        for name, longer in prefixes.items()
    ]
    first = found[0]
    return [
        Finding(first.status, first.summary, (*first.details, *details), first.remedy),
        *found[1:],
    ]
