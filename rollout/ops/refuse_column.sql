-- Stop before anything is changed if something stands on the column that would not
-- come along.
CREATE OR REPLACE FUNCTION migrations.refuse_column(tbl regclass, col name) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    num constant int2 := (
        SELECT attnum FROM pg_catalog.pg_attribute
        WHERE attrelid = tbl AND attname = col AND NOT attisdropped
    );
    found text;
BEGIN
    IF num IS NULL THEN
        RAISE EXCEPTION 'table % has no column %', tbl, col;
    END IF;
    found := (
        SELECT string_agg(said, '; ' ORDER BY said) FROM (
            SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid) AS said
            FROM pg_catalog.pg_depend AS d
            WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = tbl
                AND d.refobjsubid = num
                AND d.classid NOT IN ('pg_policy'::regclass, 'pg_trigger'::regclass,
                    'pg_statistic_ext'::regclass)
                AND NOT (d.classid = 'pg_constraint'::regclass AND EXISTS (
                    SELECT FROM pg_catalog.pg_constraint AS k
                    WHERE k.oid = d.objid AND k.contype IN ('c', 'f', 'p', 'u', 'n')))
                AND NOT (d.classid = 'pg_attrdef'::regclass AND d.deptype = 'a' AND EXISTS (
                    SELECT FROM pg_catalog.pg_attrdef AS f
                    WHERE f.oid = d.objid AND f.adnum = num))
                AND NOT (d.classid = 'pg_class'::regclass AND EXISTS (
                    SELECT FROM pg_catalog.pg_class AS c
                    WHERE c.oid = d.objid AND (c.relkind = 'i'
                        OR c.relkind = 'S')))
            UNION ALL
            SELECT format('column %s is generated', col) FROM pg_catalog.pg_attribute
            WHERE attrelid = tbl AND attnum = num AND attgenerated <> ''
            UNION ALL
            SELECT format('table %s is partitioned or has parents or children', tbl)
            FROM pg_catalog.pg_class AS c
            WHERE c.oid = tbl AND (c.relkind <> 'r' OR c.relhassubclass OR EXISTS (
                SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = tbl))
            UNION ALL
            SELECT format('column %s of %s keeps rows of the table', a.attname,
                a.attrelid::regclass)
            FROM pg_catalog.pg_attribute AS a
            JOIN pg_catalog.pg_type AS t ON a.atttypid IN (t.oid, t.typarray)
            JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
            WHERE t.typrelid = tbl AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL
            SELECT format('policy %s on %s belongs to another role', p.polname,
                c.oid::regclass)
            FROM pg_catalog.pg_depend AS d
            JOIN pg_catalog.pg_policy AS p ON p.oid = d.objid
            JOIN pg_catalog.pg_class AS c ON c.oid = p.polrelid
            WHERE d.classid = 'pg_policy'::regclass AND d.refobjid = tbl
                AND d.refobjsubid = num AND NOT pg_has_role(c.relowner, 'USAGE')
            UNION ALL
            -- What it made of the row would not be seen: ours are called zzzz_follow_….
            SELECT format('trigger %s fires after ours', tgname)
            FROM pg_catalog.pg_trigger
            WHERE tgrelid = tbl AND NOT tgisinternal AND tgtype & 2 <> 0  -- BEFORE
                AND tgname::text COLLATE "C" > 'zzzz_follow_'
                AND NOT starts_with(tgname::text, 'zzzz_follow_')
            UNION ALL
            SELECT 'row level security hides rows from ' || current_user
            WHERE row_security_active(tbl)
            UNION ALL
            SELECT format('publication %s lists columns or filters rows', p.pubname)
            FROM pg_catalog.pg_publication_rel AS r
            JOIN pg_catalog.pg_publication AS p ON p.oid = r.prpubid
            WHERE r.prrelid = tbl AND (r.prattrs IS NOT NULL OR r.prqual IS NOT NULL)
        ) AS reasons
    );
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'cannot change the type of %.%: %', tbl, col, found
            USING HINT = 'Take these away first, and make them again afterwards.';
    END IF;
END
$$
