-- Two tables change names, and all that stands on the first goes over to the second,
-- for which migrations.table_objects() has been built. The caller holds the locks.
CREATE OR REPLACE FUNCTION migrations.swap_table(tbl regclass, nxt regclass, retired name)
RETURNS void LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    before text[] := '{}';
    after text[] := '{}';
    item record;
    statement text;
    class pg_catalog.pg_class;
    home constant text := (
        SELECT quote_ident(n.nspname) FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = tbl
    );
    old constant text := tbl::text;  -- written out now; the name is another's afterwards
    new constant text := nxt::text;
BEGIN
    SELECT * INTO class FROM pg_catalog.pg_class WHERE oid = tbl;

    FOR item IN SELECT * FROM migrations.table_objects(tbl, nxt) LOOP
        IF item.kind = 'key of others' THEN
            before := before || format('ALTER TABLE %s DROP CONSTRAINT %I', item.owner,
                item.name);
            after := after || format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', item.owner,
                item.spare, item.name);
        ELSIF item.kind IN ('index', 'constraint') THEN
            -- An index is named in the schema: the two change names by way of a third.
            before := before || format('ALTER INDEX %s.%I RENAME TO %I', home, item.name,
                item.spare || '_')
                || format('ALTER INDEX %s.%I RENAME TO %I', home, item.spare, item.name)
                || format('ALTER INDEX %s.%I RENAME TO %I', home, item.spare || '_',
                item.spare);
        END IF;
    END LOOP;
    FOR item IN
        SELECT format('COMMENT ON INDEX %s.%I IS %L', home, c.relname, d.description) AS text
        FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_description AS d
            ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0
        WHERE i.indrelid = tbl
        UNION ALL
        SELECT format('COMMENT ON CONSTRAINT %I ON %s IS %L', k.conname,
            CASE WHEN k.conrelid = tbl THEN old ELSE k.conrelid::regclass::text END,
            d.description)
        FROM pg_catalog.pg_constraint AS k
        JOIN pg_catalog.pg_description AS d
            ON d.classoid = 'pg_constraint'::regclass AND d.objoid = k.oid
        WHERE k.conrelid = tbl OR k.confrelid = tbl
        UNION ALL
        SELECT format('COMMENT ON %s IS %L', concat_ws(' ', 'TABLE', old), d.description)
        FROM pg_catalog.pg_description AS d
        WHERE d.classoid = 'pg_class'::regclass AND d.objoid = tbl AND d.objsubid = 0
        UNION ALL
        SELECT format('ALTER TABLE %s REPLICA IDENTITY %s', old, CASE class.relreplident
            WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' ELSE (
                SELECT format('USING INDEX %I', c.relname) FROM pg_catalog.pg_index AS i
                JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
                WHERE i.indrelid = tbl AND i.indisreplident) END)
        WHERE class.relreplident <> 'd'
        UNION ALL
        SELECT format('ALTER TABLE %s ALTER COLUMN %I %s', old, a.attname, o.clause)
        FROM pg_catalog.pg_attribute AS a
        CROSS JOIN LATERAL migrations.column_options(tbl, a.attname) AS o (clause)
        WHERE a.attrelid = tbl AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT format('ALTER TABLE %s SET (%s)', old, (
            SELECT string_agg('toast.' || o, ', ') FROM unnest(t.reloptions) AS o))
        FROM pg_catalog.pg_class AS t
        WHERE t.oid = class.reltoastrelid AND t.reloptions IS NOT NULL
        UNION ALL
        -- A constraint's text, from which its index was built, has no parameters.
        SELECT format('ALTER INDEX %s.%I SET (%s)', home, c.relname,
            array_to_string(c.reloptions, ', '))
        FROM pg_catalog.pg_constraint AS k
        JOIN pg_catalog.pg_class AS c ON c.oid = k.conindid
        WHERE k.conrelid = tbl AND k.contype IN ('p', 'u', 'x') AND c.reloptions IS NOT NULL
        UNION ALL
        SELECT format('ALTER INDEX %s.%I ALTER COLUMN %s SET STATISTICS %s', home, c.relname,
            a.attnum, a.attstattarget)
        FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attstattarget >= 0
        WHERE i.indrelid = tbl
        UNION ALL
        SELECT format('ALTER TABLE %s CLUSTER ON %I', old, c.relname)
        FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
        WHERE i.indrelid = tbl AND i.indisclustered
        UNION ALL
        SELECT format('ALTER TABLE %s SET (%s)', old, array_to_string(class.reloptions, ', '))
        WHERE class.reloptions IS NOT NULL
        UNION ALL
        SELECT format('ALTER TABLE %s OWNER TO %s', old, class.relowner::regrole)
        UNION ALL
        SELECT format('ALTER TABLE %s %s ROW LEVEL SECURITY', old,
            CASE WHEN class.relrowsecurity THEN 'ENABLE' ELSE 'DISABLE' END)
        UNION ALL
        SELECT format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', old)
        WHERE class.relforcerowsecurity
        UNION ALL
        SELECT concat_ws(' ', 'CREATE OR REPLACE VIEW', v.oid::regclass,
            'WITH (' || array_to_string(v.reloptions, ', ') || ')', 'AS',
            pg_get_viewdef(v.oid))
        FROM pg_catalog.pg_class AS v
        WHERE v.relkind = 'v' AND EXISTS (
            SELECT FROM pg_catalog.pg_rewrite AS r JOIN pg_catalog.pg_depend AS d
                ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
            WHERE r.ev_class = v.oid AND d.refclassid = 'pg_class'::regclass
                AND d.refobjid = tbl)
    LOOP
        after := after || item.text;
    END LOOP;
    FOR item IN
        SELECT t.tgname AS name, pg_get_triggerdef(t.oid) AS text, t.tgenabled,
            obj_description(t.oid, 'pg_trigger') AS comment
        FROM pg_catalog.pg_trigger AS t
        WHERE t.tgrelid = tbl AND NOT t.tgisinternal
    LOOP
        before := before || format('DROP TRIGGER %I ON %s', item.name, old);
        CONTINUE WHEN item.name LIKE 'zzzz\_follow\_table\__';
        after := after || item.text;
        IF item.tgenabled <> 'O' THEN
            after := after || format('ALTER TABLE %s %s TRIGGER %I', old,
                CASE item.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS'
                    ELSE 'ENABLE REPLICA' END, item.name);
        END IF;
        IF item.comment IS NOT NULL THEN
            after := after || format('COMMENT ON TRIGGER %I ON %s IS %L', item.name, old,
                item.comment);
        END IF;
    END LOOP;
    FOR item IN
        SELECT p.polname AS name, obj_description(p.oid, 'pg_policy') AS comment,
            concat_ws(' ', format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', p.polname, old,
                CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
                CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT'
                    WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
                (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE r::regrole::text END, ', ')
                    FROM unnest(p.polroles) AS r)),
                'USING (' || pg_get_expr(p.polqual, tbl) || ')',
                'WITH CHECK (' || pg_get_expr(p.polwithcheck, tbl) || ')') AS text
        FROM pg_catalog.pg_policy AS p WHERE p.polrelid = tbl
    LOOP
        before := before || format('DROP POLICY %I ON %s', item.name, old);
        after := after || item.text;
        IF item.comment IS NOT NULL THEN
            after := after || format('COMMENT ON POLICY %I ON %s IS %L', item.name, old,
                item.comment);
        END IF;
    END LOOP;
    -- Policies of other tables that read this one would go on reading the retired one.
    FOR item IN
        SELECT DISTINCT p.oid, concat_ws(' ',
            format('ALTER POLICY %I ON %s', p.polname, p.polrelid::regclass),
            'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
            'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')') AS text
        FROM pg_catalog.pg_policy AS p
        JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_policy'::regclass
            AND d.objid = p.oid
        WHERE d.refobjid = tbl AND p.polrelid NOT IN (tbl, nxt)
    LOOP
        after := after || item.text;
    END LOOP;
    FOR item IN
        SELECT format('%I.%I', n.nspname, s.stxname) AS name,
            pg_get_statisticsobjdef(s.oid) AS text, s.stxstattarget AS target,
            obj_description(s.oid, 'pg_statistic_ext') AS comment
        FROM pg_catalog.pg_statistic_ext AS s
        JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace WHERE s.stxrelid = tbl
    LOOP
        before := before || format('DROP STATISTICS %s', item.name);
        after := after || item.text;
        IF item.target >= 0 THEN
            after := after || format('ALTER STATISTICS %s SET STATISTICS %s', item.name,
                item.target);
        END IF;
        IF item.comment IS NOT NULL THEN
            after := after || format('COMMENT ON STATISTICS %s IS %L', item.name,
                item.comment);
        END IF;
    END LOOP;
    FOR item IN
        SELECT p.pubname AS name, (
                SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
                FROM pg_catalog.pg_attribute AS a
                WHERE a.attrelid = tbl AND a.attnum = ANY (r.prattrs)
            ) AS columns, pg_get_expr(r.prqual, tbl) AS filter
        FROM pg_catalog.pg_publication_rel AS r
        JOIN pg_catalog.pg_publication AS p ON p.oid = r.prpubid WHERE r.prrelid = tbl
    LOOP
        before := before || format('ALTER PUBLICATION %I DROP TABLE %s', item.name, old);
        after := after || concat_ws(' ', format('ALTER PUBLICATION %I ADD TABLE %s',
            item.name, old), '(' || item.columns || ')', 'WHERE (' || item.filter || ')');
    END LOOP;
    -- Nobody but the owner reaches the retired table; the other gets what this one had.
    FOR item IN
        SELECT a.attname, g.*,
            CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END AS who
        FROM (
            SELECT NULL::name AS attname, class.relacl AS acl
            UNION ALL
            SELECT attname, attacl FROM pg_catalog.pg_attribute
            WHERE attrelid = tbl AND attnum > 0 AND NOT attisdropped
        ) AS a CROSS JOIN LATERAL aclexplode(a.acl) AS g
        WHERE g.grantee <> class.relowner
    LOOP
        statement := item.privilege_type || coalesce(' (' || quote_ident(item.attname) || ')', '')
            || ' ON ' || old;
        before := before || format('REVOKE %s FROM %s', statement, item.who);
        after := after || format('GRANT %s TO %s%s', statement, item.who,
            CASE WHEN item.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
    END LOOP;
    FOR item IN
        SELECT d.objid::regclass AS sequence, a.attname, d.deptype, c.relname,
            (SELECT seqtypid::regtype FROM pg_catalog.pg_sequence WHERE seqrelid = d.objid)
                AS type,
            pg_get_serial_sequence(new, a.attname) AS other
        FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_class AS c ON c.oid = d.objid AND c.relkind = 'S'
        JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE d.classid = 'pg_class'::regclass AND d.refobjid = tbl AND d.deptype IN ('a', 'i')
    LOOP
        IF item.deptype = 'a' THEN
            after := after || format('ALTER SEQUENCE %s OWNED BY %s.%I', item.sequence, old,
                item.attname);
        ELSE
            -- Each table has a sequence of its own: the count goes over, and the name.
            EXECUTE format('SELECT pg_catalog.setval(%L, last_value, is_called) FROM %s',
                item.other, item.sequence);
            statement := migrations.spare_name(item.relname);
            before := before
                -- LIKE makes it bigint, whatever this one is.
                || format('ALTER SEQUENCE %s AS %s', item.other, item.type)
                || format('ALTER SEQUENCE %s RENAME TO %I', item.sequence, statement || '_')
                || format('ALTER SEQUENCE %s RENAME TO %I', item.other, item.relname)
                || format('ALTER SEQUENCE %s.%I RENAME TO %I', home, statement || '_',
                    statement);
            after := after || ARRAY(SELECT migrations.sequence_rights(item.sequence));
        END IF;
    END LOOP;

    FOREACH statement IN ARRAY before LOOP
        EXECUTE statement;
    END LOOP;
    EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', old);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', old);
    EXECUTE format('ALTER TABLE %s RENAME TO %I', old, retired);
    EXECUTE format('ALTER TABLE %s RENAME TO %I', new, class.relname);
    FOREACH statement IN ARRAY after LOOP
        EXECUTE statement;
    END LOOP;
END
$$
