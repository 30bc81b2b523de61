"""Emptying schemas in the transaction that restores them."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from rollout.sqltext import literal, verbatim

# Statements that drop what is in the schemas; extensions' objects, and those of others
# who share the schema, stay.
DROPS = """
    -- Sequences last: those of columns go with their tables.
    SELECT CASE c.relkind WHEN 'S' THEN 4 ELSE 1 END AS turn,
        format('%I.%I', n.nspname, c.relname) AS name, CASE c.relkind
            WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'c' THEN 'TYPE'
            WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE'
        END AS kind,
        'pg_class'::regclass::oid AS classid, c.oid AS objid, c.relowner AS owner
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n
        ON n.oid = c.relnamespace
    WHERE n.nspname = ANY ({schemas})
        AND c.relkind IN ('r', 'p', 'v', 'm', 'c', 'S', 'f')
    UNION ALL
    SELECT 2, format('%I.%I(%s)', n.nspname, f.proname,
            pg_get_function_identity_arguments(f.oid)),
        'ROUTINE', 'pg_proc'::regclass, f.oid, f.proowner
    FROM pg_catalog.pg_proc AS f JOIN pg_catalog.pg_namespace AS n
        ON n.oid = f.pronamespace
    WHERE n.nspname = ANY ({schemas})
    UNION ALL
    SELECT 3, format('%I.%I', n.nspname, t.typname), 'TYPE', 'pg_type'::regclass, t.oid,
        t.typowner
    FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n
        ON n.oid = t.typnamespace
    WHERE n.nspname = ANY ({schemas}) AND t.typtype IN ('d', 'e', 'r')
"""
OURS = """
    SELECT turn, kind, name FROM ({drops}) AS o
    WHERE pg_has_role(owner, 'USAGE') AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend AS d
        WHERE d.classid = o.classid AND d.objid = o.objid AND d.deptype = 'e'
    )
"""
EMPTY = """\
DO $empty$
DECLARE
    statement text;
BEGIN
    FOREACH statement IN ARRAY coalesce((
        SELECT array_agg(
            format('DROP %s IF EXISTS %s CASCADE', kind, name) ORDER BY turn
        ) FROM ({ours}) AS listed
    ), '{{}}') LOOP
        EXECUTE statement;
    END LOOP;
END
$empty$;
"""
DEPENDENTS = text("""
    WITH ours AS (
        SELECT oid FROM pg_catalog.pg_namespace
        WHERE nspname = ANY (CAST(:schemas AS text[]))
    ), relation AS (
        SELECT oid FROM pg_catalog.pg_class WHERE relnamespace IN (SELECT oid FROM ours)
    ), routine AS (
        SELECT oid FROM pg_catalog.pg_proc WHERE pronamespace IN (SELECT oid FROM ours)
    )
    SELECT format('foreign key %s of %s', f.conname, f.conrelid::regclass)
    FROM pg_catalog.pg_constraint AS f
    WHERE f.contype = 'f' AND f.confrelid IN (SELECT oid FROM relation)
        AND f.connamespace NOT IN (SELECT oid FROM ours)
    UNION SELECT format('view %s', v.oid::regclass)
    FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_rewrite AS r ON r.oid = d.objid
    JOIN pg_catalog.pg_class AS v ON v.oid = r.ev_class
    WHERE d.classid = 'pg_rewrite'::regclass AND (
            d.refclassid = 'pg_class'::regclass
                AND d.refobjid IN (SELECT oid FROM relation)
            OR d.refclassid = 'pg_proc'::regclass
                AND d.refobjid IN (SELECT oid FROM routine)
        ) AND v.relnamespace NOT IN (SELECT oid FROM ours)
    UNION SELECT format('trigger %s of %s', t.tgname, t.tgrelid::regclass)
    FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
    WHERE t.tgfoid IN (SELECT oid FROM routine) AND NOT t.tgisinternal
        AND c.relnamespace NOT IN (SELECT oid FROM ours)
    ORDER BY 1
""")
OWNED = text("""
    SELECT nspname FROM pg_catalog.pg_namespace
    WHERE nspname = ANY (CAST(:schemas AS text[]))
        AND pg_get_userbyid(nspowner) = current_user
    ORDER BY 1
""")


def held(connection: Connection, schemas: Sequence[str]) -> list[str]:
    """What the schemas hold, as ``kind name``."""
    rows = connection.execute(verbatim(f"{_ours(schemas)} ORDER BY 1, 3"))
    return [f"{row.kind.lower()} {row.name}" for row in rows]


def owned(connection: Connection, schemas: Sequence[str]) -> list[str]:
    """Those of ``schemas`` that are there and belong to this very role."""
    names = {"schemas": list(schemas)}
    return [str(name) for name in connection.scalars(OWNED, names)]


def dependents(connection: Connection, schemas: Sequence[str]) -> list[str]:
    """What is elsewhere and would be dropped along."""
    names = {"schemas": list(schemas)}
    return [str(name) for name in connection.scalars(DEPENDENTS, names)]


def empty(schemas: Sequence[str]) -> str:
    """SQL that drops everything of ours in ``schemas``; the schemas stay."""
    return EMPTY.format(ours=_ours(schemas)) if schemas else ""


def _ours(schemas: Sequence[str]) -> str:
    names = ", ".join(literal(name) for name in schemas)
    drops = DROPS.format(schemas=f"ARRAY[{names}]::text[]")
    return OURS.format(drops=drops)
