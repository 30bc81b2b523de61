"""What depends on what, asked of the catalog: see :mod:`rollout.backup.outside`."""

from sqlalchemy import text

# Everything in the schemas, and all that it depends on.
DEPENDS = """
    WITH ours AS (
        SELECT oid FROM pg_catalog.pg_namespace
        WHERE nspname = ANY (CAST(:schemas AS text[]))
    ), relation AS (
        SELECT oid FROM pg_catalog.pg_class WHERE relnamespace IN (SELECT oid FROM ours)
    ), member (classid, objid) AS (
        SELECT 'pg_class'::regclass::oid, oid FROM relation
        UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_catalog.pg_proc
            WHERE pronamespace IN (SELECT oid FROM ours)
        UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_catalog.pg_type
            WHERE typnamespace IN (SELECT oid FROM ours)
        UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_catalog.pg_constraint
            WHERE connamespace IN (SELECT oid FROM ours)
        UNION ALL SELECT 'pg_policy'::regclass, oid FROM pg_catalog.pg_policy
            WHERE polrelid IN (SELECT oid FROM relation)
        UNION ALL SELECT 'pg_rewrite'::regclass, oid FROM pg_catalog.pg_rewrite
            WHERE ev_class IN (SELECT oid FROM relation)
        UNION ALL SELECT 'pg_attrdef'::regclass, oid FROM pg_catalog.pg_attrdef
            WHERE adrelid IN (SELECT oid FROM relation)
        UNION ALL SELECT 'pg_trigger'::regclass, oid FROM pg_catalog.pg_trigger
            WHERE tgrelid IN (SELECT oid FROM relation)
    ), needed AS (
        SELECT DISTINCT d.refclassid, d.refobjid, d.refobjsubid
        FROM pg_catalog.pg_depend AS d JOIN member USING (classid, objid)
        WHERE d.deptype IN ('n', 'a')
    ), packaged AS (
        SELECT classid, objid, refobjid AS extension FROM pg_catalog.pg_depend
        WHERE deptype = 'e'
    )
"""
EXTENSIONS = f"""{DEPENDS}
    SELECT DISTINCT e.extname, n.nspname FROM needed
    JOIN packaged AS p ON (p.classid, p.objid) = (needed.refclassid, needed.refobjid)
    JOIN pg_catalog.pg_extension AS e ON e.oid = p.extension
    JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
    WHERE e.extname <> 'plpgsql' ORDER BY 1
"""
FUNCTIONS = f"""{DEPENDS}
    SELECT DISTINCT n.nspname AS schema, f.oid::regprocedure::text AS signature,
        pg_catalog.pg_get_functiondef(f.oid) AS definition
    FROM needed JOIN pg_catalog.pg_proc AS f ON f.oid = needed.refobjid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = f.pronamespace
    WHERE needed.refclassid = 'pg_proc'::regclass AND f.prokind = 'f'
        AND n.nspname <> 'pg_catalog' AND n.oid NOT IN (SELECT oid FROM ours)
        AND NOT EXISTS (
            SELECT FROM packaged AS p
            WHERE p.classid = needed.refclassid AND p.objid = needed.refobjid
        )
    ORDER BY 1, 2
"""
COLUMNS = f"""{DEPENDS}
    SELECT n.nspname AS schema, c.relname AS name,
        array_agg(DISTINCT ARRAY[
            quote_ident(a.attname), format_type(a.atttypid, a.atttypmod)
        ]) AS columns
    FROM needed JOIN pg_catalog.pg_class AS c ON c.oid = needed.refobjid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid = c.oid AND a.attnum = needed.refobjsubid
    WHERE needed.refclassid = 'pg_class'::regclass AND needed.refobjsubid > 0
        AND n.nspname <> 'pg_catalog' AND n.oid NOT IN (SELECT oid FROM ours)
    GROUP BY 1, 2 ORDER BY 1, 2
"""
FOREIGN_KEYS = text("""
    SELECT n.nspname AS schema, target.relname AS name,
        format('%I.%I', own.nspname, source.relname) AS source,
        array(
            SELECT quote_ident(attname)
            FROM unnest(f.conkey) WITH ORDINALITY AS k (n, i)
            JOIN pg_catalog.pg_attribute ON attrelid = f.conrelid AND attnum = k.n
            ORDER BY k.i
        ) AS source_columns,
        array(
            SELECT quote_ident(attname)
            FROM unnest(f.confkey) WITH ORDINALITY AS k (n, i)
            JOIN pg_catalog.pg_attribute ON attrelid = f.confrelid AND attnum = k.n
            ORDER BY k.i
        ) AS columns
    FROM pg_catalog.pg_constraint AS f
    JOIN pg_catalog.pg_class AS source ON source.oid = f.conrelid
    JOIN pg_catalog.pg_namespace AS own ON own.oid = source.relnamespace
    JOIN pg_catalog.pg_class AS target ON target.oid = f.confrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = target.relnamespace
    WHERE f.contype = 'f' AND own.nspname = ANY (CAST(:schemas AS text[]))
        AND n.nspname <> ALL (CAST(:schemas AS text[]))
        AND f.conparentid = 0 AND f.convalidated
    ORDER BY 1, 2, 3
""")
# A schema of the same owner as our tables: made by the baseline, not by Supabase.
ADOPTED = text("""
    SELECT nspname FROM pg_catalog.pg_namespace
    WHERE nspname = ANY (CAST(:candidates AS text[])) AND nspowner IN (
        SELECT c.relowner FROM pg_catalog.pg_class AS c
        WHERE c.relkind = 'r' AND c.relnamespace IN (
            SELECT oid FROM pg_catalog.pg_namespace
            WHERE nspname = ANY (CAST(:schemas AS text[]))
        )
    )
    ORDER BY 1
""")
ROLES = text("""
    WITH ours AS (
        SELECT oid FROM pg_catalog.pg_namespace
        WHERE nspname = ANY (CAST(:schemas AS text[]))
    ), granted AS (
        SELECT acl.grantee AS role
            FROM pg_catalog.pg_namespace, aclexplode(nspacl) AS acl
            WHERE oid IN (SELECT oid FROM ours)
        UNION SELECT acl.grantee FROM pg_catalog.pg_class, aclexplode(relacl) AS acl
            WHERE relnamespace IN (SELECT oid FROM ours)
        UNION SELECT acl.grantee FROM pg_catalog.pg_proc, aclexplode(proacl) AS acl
            WHERE pronamespace IN (SELECT oid FROM ours)
        UNION SELECT acl.grantee
            FROM pg_catalog.pg_attribute
            JOIN pg_catalog.pg_class AS c ON c.oid = attrelid
            CROSS JOIN LATERAL aclexplode(attacl) AS acl
            WHERE c.relnamespace IN (SELECT oid FROM ours)
        UNION SELECT unnest(p.polroles)
            FROM pg_catalog.pg_policy AS p
            JOIN pg_catalog.pg_class AS c ON c.oid = p.polrelid
            WHERE c.relnamespace IN (SELECT oid FROM ours)
    )
    SELECT r.rolname AS name, concat_ws(' ',
        'NOLOGIN', CASE WHEN NOT r.rolinherit THEN 'NOINHERIT' END,
        CASE WHEN r.rolbypassrls AND NOT r.rolsuper THEN 'BYPASSRLS' END
    ) AS attributes
    FROM granted JOIN pg_catalog.pg_roles AS r ON r.oid = granted.role
    WHERE r.rolname NOT LIKE 'pg\\_%' ORDER BY 1
""")
