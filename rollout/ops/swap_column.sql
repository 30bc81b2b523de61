-- Two columns change names, and all that stands on the first goes over to the second,
-- for which migrations.column_objects() has been built. The caller holds the locks.
CREATE OR REPLACE FUNCTION migrations.swap_column(
    tbl regclass, col name, other name, retired name, new_default text
) RETURNS void LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    before text[] := '{}';
    after text[] := '{}';
    item record;
    statement text;
    was_default text;
    becomes_default text;
    attribute pg_catalog.pg_attribute;
    qualified constant text := format('%I.%I', (
        SELECT relnamespace::regnamespace FROM pg_catalog.pg_class WHERE oid = tbl
    ), (SELECT relname FROM pg_catalog.pg_class WHERE oid = tbl));
    home constant name := (
        SELECT n.nspname FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = tbl
    );
BEGIN
    SELECT * INTO attribute FROM pg_catalog.pg_attribute
    WHERE attrelid = tbl AND attname = col;
    FOR item IN
        -- Those of other tables, too.
        SELECT p.polname AS name, p.polrelid::regclass::text AS owner,
            pg_get_expr(p.polqual, p.polrelid) AS qual,
            pg_get_expr(p.polwithcheck, p.polrelid) AS checked
        FROM pg_catalog.pg_policy AS p
        WHERE EXISTS (
            SELECT FROM pg_catalog.pg_depend WHERE classid = 'pg_policy'::regclass
                AND objid = p.oid AND refobjid = tbl AND refobjsubid = attribute.attnum)
    LOOP
        after := after || concat_ws(' ', format('ALTER POLICY %I ON %s', item.name, item.owner),
            'USING (' || item.qual || ')', 'WITH CHECK (' || item.checked || ')');
    END LOOP;
    FOR item IN
        SELECT t.tgname AS name, pg_get_triggerdef(t.oid) AS text, t.tgenabled,
            obj_description(t.oid, 'pg_trigger') AS comment
        FROM pg_catalog.pg_trigger AS t
        WHERE t.tgrelid = tbl AND NOT t.tgisinternal AND EXISTS (
            SELECT FROM pg_catalog.pg_depend WHERE classid = 'pg_trigger'::regclass
                AND objid = t.oid AND refobjid = tbl AND refobjsubid = attribute.attnum)
    LOOP
        before := before || format('DROP TRIGGER %I ON %s', item.name, qualified);
        after := after || item.text;
        IF item.tgenabled <> 'O' THEN
            after := after || format('ALTER TABLE %s %s TRIGGER %I', qualified,
                CASE item.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS'
                    ELSE 'ENABLE REPLICA' END, item.name);
        END IF;
        IF item.comment IS NOT NULL THEN
            after := after || format('COMMENT ON TRIGGER %I ON %s IS %L', item.name,
                qualified, item.comment);
        END IF;
    END LOOP;
    FOR item IN
        SELECT s.oid::text, format('%I.%I', n.nspname, s.stxname) AS name,
            pg_get_statisticsobjdef(s.oid) AS text, s.stxstattarget AS target,
            obj_description(s.oid, 'pg_statistic_ext') AS comment
        FROM pg_catalog.pg_statistic_ext AS s
        JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace
        WHERE s.stxrelid = tbl AND EXISTS (
            SELECT FROM pg_catalog.pg_depend WHERE classid = 'pg_statistic_ext'::regclass
                AND objid = s.oid AND refobjid = tbl AND refobjsubid = attribute.attnum)
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
    -- Foreign keys first: they hold on to the indexes.
    FOR item IN
        SELECT o.*, k.contype, k.condeferrable, k.condeferred, i.indexrelid AS index,
            coalesce(i.indisreplident, false) AS identity,
            coalesce(i.indisclustered, false) AS clustered,
            coalesce(obj_description(k.oid, 'pg_constraint'),
                obj_description(i.indexrelid, 'pg_class')) AS comment
        FROM migrations.column_objects(tbl, col, other) AS o
        LEFT JOIN pg_catalog.pg_class AS c ON o.kind = 'index' AND c.relname = o.name
            AND c.relnamespace::regnamespace::text = quote_ident(home)
        LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
        LEFT JOIN pg_catalog.pg_constraint AS k
            ON k.conrelid = o.owner AND k.conname = o.name
        ORDER BY array_position(ARRAY['foreign key', 'check', 'index', 'not null'], o.kind)
    LOOP
        IF item.kind = 'not null' THEN
            before := before || format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL',
                qualified, col);
            -- First of all: a primary key would look for NULLs itself.
            after := ARRAY[
                format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', qualified, col),
                format('ALTER TABLE %s DROP CONSTRAINT %I', qualified, item.spare)
            ] || after;
        ELSIF item.kind = 'index' AND item.contype IS NULL THEN
            before := before || format('DROP INDEX %I.%I', home, item.name);
            after := after || format('ALTER INDEX %I.%I RENAME TO %I', home, item.spare,
                item.name);
            IF item.comment IS NOT NULL THEN
                after := after || format('COMMENT ON INDEX %I.%I IS %L', home, item.name,
                    item.comment);
            END IF;
        ELSE
            before := before || format('ALTER TABLE %s DROP CONSTRAINT %I', item.owner,
                item.name);
            IF item.kind = 'index' THEN
                after := after || concat_ws(' ', format(
                    'ALTER TABLE %s ADD CONSTRAINT %I %s USING INDEX %I', item.owner,
                    item.name, CASE item.contype WHEN 'p' THEN 'PRIMARY KEY' ELSE 'UNIQUE' END,
                    item.spare), CASE WHEN item.condeferrable THEN 'DEFERRABLE' END,
                    CASE WHEN item.condeferred THEN 'INITIALLY DEFERRED' END);
            ELSE
                after := after || format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I',
                    item.owner, item.spare, item.name);
            END IF;
            IF item.comment IS NOT NULL THEN
                after := after || format('COMMENT ON CONSTRAINT %I ON %s IS %L', item.name,
                    item.owner, item.comment);
            END IF;
        END IF;
        IF item.identity THEN
            after := after || format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I',
                qualified, item.name);
        END IF;
        IF item.clustered THEN
            after := after || format('ALTER TABLE %s CLUSTER ON %I', qualified, item.name);
        END IF;
        after := after || ARRAY(
            SELECT format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS %s', home,
                item.name, a.attnum, a.attstattarget)
            FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = item.index AND a.attstattarget >= 0);
    END LOOP;
    -- The retired column keeps its default, for the way back, unless it draws numbers.
    was_default := (
        SELECT pg_get_expr(d.adbin, tbl) FROM pg_catalog.pg_attrdef AS d
        WHERE d.adrelid = tbl AND d.adnum = attribute.attnum
    );
    IF was_default ~ '\mnextval\(' THEN
        before := before || format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', qualified,
            col);
    END IF;
    IF NOT (SELECT atthasdef FROM pg_catalog.pg_attribute
            WHERE attrelid = tbl AND attname = other) THEN
        becomes_default := coalesce(new_default, was_default);
    END IF;
    IF attribute.attidentity <> '' THEN
        statement := pg_get_serial_sequence(qualified, col);
        EXECUTE format('SELECT last_value, is_called, s.* FROM %s, pg_catalog.pg_sequence AS s '
            'WHERE seqrelid = %L::regclass', statement, statement) INTO item;
        before := format('ALTER TABLE %s ALTER COLUMN %I DROP IDENTITY', qualified, col)
            || before;
        -- A bound that is the old type's own is left for the new type to set.
        after := after || (concat_ws(' ', format(
            'ALTER TABLE %s ALTER COLUMN %I ADD GENERATED %s AS IDENTITY (SEQUENCE NAME %s',
            qualified, col, CASE attribute.attidentity WHEN 'a' THEN 'ALWAYS'
                ELSE 'BY DEFAULT' END, statement),
            format('START %s INCREMENT %s CACHE %s', item.seqstart, item.seqincrement,
                item.seqcache),
            CASE WHEN item.seqmax NOT IN (32767, 2147483647, 9223372036854775807)
                THEN format('MAXVALUE %s', item.seqmax) END,
            CASE WHEN item.seqmin NOT IN (1, -32768, -2147483648, -9223372036854775808)
                THEN format('MINVALUE %s', item.seqmin) END,
            CASE WHEN item.seqcycle THEN 'CYCLE' END) || ')');
        after := after || format('SELECT pg_catalog.setval(%L, %s, %L)', statement,
            item.last_value, item.is_called)
            || ARRAY(SELECT migrations.sequence_rights(statement::regclass));
    END IF;
    FOR item IN
        SELECT d.objid::regclass AS sequence FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_class AS c ON c.oid = d.objid AND c.relkind = 'S'
        WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'a'
            AND d.refobjid = tbl AND d.refobjsubid = attribute.attnum
    LOOP
        after := after || format('ALTER SEQUENCE %s OWNED BY %s.%I', item.sequence,
            qualified, col);
    END LOOP;
    FOR item IN
        SELECT CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END AS who,
            g.privilege_type AS what, g.is_grantable
        FROM aclexplode(attribute.attacl) AS g
    LOOP
        before := before || format('REVOKE %s (%I) ON %s FROM %s', item.what, col, qualified,
            item.who);
        after := after || concat_ws(' ', format('GRANT %s (%I) ON %s TO %s', item.what, col,
            qualified, item.who), CASE WHEN item.is_grantable THEN 'WITH GRANT OPTION' END);
    END LOOP;
    IF col_description(tbl, attribute.attnum) IS NOT NULL THEN
        before := before || format('COMMENT ON COLUMN %s.%I IS NULL', qualified, col);
        after := after || format('COMMENT ON COLUMN %s.%I IS %L', qualified, col,
            col_description(tbl, attribute.attnum));
    END IF;
    after := after || ARRAY(
        SELECT format('ALTER TABLE %s ALTER COLUMN %I %s', qualified, col, o.clause)
        FROM migrations.column_options(tbl, col, (
            SELECT t.typstorage <> 'p' FROM pg_catalog.pg_attribute AS a
            JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
            WHERE a.attrelid = tbl AND a.attname = other
        )) AS o (clause));
    FOREACH statement IN ARRAY before LOOP
        EXECUTE statement;
    END LOOP;
    EXECUTE format('ALTER TABLE %s RENAME COLUMN %I TO %I', qualified, col, retired);
    EXECUTE format('ALTER TABLE %s RENAME COLUMN %I TO %I', qualified, other, col);
    FOREACH statement IN ARRAY after LOOP
        EXECUTE statement;
    END LOOP;
    IF becomes_default IS NOT NULL THEN
        BEGIN
            EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', qualified, col,
                becomes_default);
        EXCEPTION WHEN datatype_mismatch THEN
            EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT CAST(%s AS %s)',
                qualified, col, becomes_default, (
                SELECT format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute
                WHERE attrelid = tbl AND attname = col));
        END;
    END IF;
    -- A session that has run a trigger's function has the old type in its plan, and its
    -- next write would fail. The same text once more makes every session plan anew.
    FOR statement IN
        SELECT DISTINCT pg_get_functiondef(p.oid)
        FROM pg_catalog.pg_trigger AS t
        JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
        JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
        WHERE t.tgrelid = tbl AND NOT t.tgisinternal
            AND pg_has_role(p.proowner, 'USAGE')
    LOOP
        EXECUTE statement;
    END LOOP;
END
$$
