-- Stop before anything is changed if something depends on the table that would go on
-- meaning the retired one.
CREATE OR REPLACE FUNCTION migrations.refuse_table(tbl regclass) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    found text := (
        SELECT string_agg(said, '; ' ORDER BY said) FROM (
            SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid) AS said
            FROM pg_catalog.pg_depend AS d
            LEFT JOIN pg_catalog.pg_class AS c
                ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
            LEFT JOIN pg_catalog.pg_rewrite AS r
                ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
            LEFT JOIN pg_catalog.pg_class AS v ON v.oid = r.ev_class
            WHERE (d.refclassid = 'pg_class'::regclass AND d.refobjid = tbl
                    OR d.refclassid = 'pg_type'::regclass AND d.refobjid IN (
                        SELECT t.oid FROM pg_catalog.pg_type AS t
                        WHERE t.typrelid = tbl OR t.typelem IN (
                            SELECT reltype FROM pg_catalog.pg_class WHERE oid = tbl)))
                AND d.deptype <> 'i'
                AND d.classid NOT IN ('pg_constraint'::regclass, 'pg_attrdef'::regclass,
                    'pg_policy'::regclass, 'pg_trigger'::regclass,
                    'pg_statistic_ext'::regclass, 'pg_publication_rel'::regclass)
                AND coalesce(c.relkind, 'x') NOT IN ('i', 'S', 't')
                AND NOT (coalesce(v.relkind, 'x') = 'v' AND r.rulename = '_RETURN'
                    AND v.relpersistence <> 't' AND pg_has_role(v.relowner, 'USAGE'))
            UNION ALL
            SELECT 'it is partitioned, or has parents or children'
            FROM pg_catalog.pg_class AS c
            WHERE c.oid = tbl AND (c.relkind <> 'r' OR c.relhassubclass OR EXISTS (
                SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = tbl))
            UNION ALL
            SELECT 'row level security hides rows of it from ' || current_user
            WHERE row_security_active(tbl)
            UNION ALL
            -- The trigger that lets the new table follow could not write it.
            SELECT format('constraint %s is deferrable', conname)
            FROM pg_catalog.pg_constraint
            WHERE conrelid = tbl AND contype = 'p' AND condeferrable
            UNION ALL
            SELECT format('policy %s on %s reads it, and belongs to another role',
                p.polname, c.oid::regclass)
            FROM pg_catalog.pg_depend AS d
            JOIN pg_catalog.pg_policy AS p ON p.oid = d.objid
            JOIN pg_catalog.pg_class AS c ON c.oid = p.polrelid
            WHERE d.classid = 'pg_policy'::regclass AND d.refobjid = tbl
                AND NOT pg_has_role(c.relowner, 'USAGE')
            UNION ALL
            SELECT 'it is unlogged, and the new table would not be'
            FROM pg_catalog.pg_class WHERE oid = tbl AND relpersistence <> 'p'
            UNION ALL
            SELECT format('it is in the tablespace %s, and the new table would not be',
                s.spcname)
            FROM pg_catalog.pg_class AS c
            JOIN pg_catalog.pg_tablespace AS s ON s.oid = c.reltablespace WHERE c.oid = tbl
            UNION ALL
            SELECT format('rule %s', rulename) FROM pg_catalog.pg_rewrite WHERE ev_class = tbl
        ) AS reasons
    );
BEGIN
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'cannot restructure %: %', tbl, found
            USING HINT = 'Take these away first, and make them again afterwards.';
    END IF;
END
$$
