-- What stands on a column, and how to build the same on another one of the same table.
-- An empty copy of the table, in which the column has the other's name, writes the
-- definitions: text is never searched and replaced. Spare names are others than those of
-- table_objects(), as a retired table keeps those for as long as it stands.
CREATE OR REPLACE FUNCTION migrations.column_objects(
    tbl regclass, col name, other name
) RETURNS TABLE (kind text, owner regclass, name name, spare name, definition text)
LANGUAGE plpgsql SET search_path = '' SET client_min_messages = warning AS $$
DECLARE
    item record;
    num constant int2 := (
        SELECT attnum FROM pg_catalog.pg_attribute WHERE attrelid = tbl AND attname = col
    );
    qualified constant text := format('%I.%I', (
        SELECT relnamespace::regnamespace FROM pg_catalog.pg_class WHERE oid = tbl
    ), (SELECT relname FROM pg_catalog.pg_class WHERE oid = tbl));
BEGIN
    DROP TABLE IF EXISTS pg_temp.column_objects_copy;
    EXECUTE format('CREATE TEMP TABLE column_objects_copy (LIKE %s)', tbl);
    EXECUTE format('ALTER TABLE pg_temp.column_objects_copy DROP COLUMN %I', other);
    FOR item IN
        SELECT 'index' AS kind, c.relname, i.indisunique,
            pg_get_indexdef(i.indexrelid) AS text
        FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
        WHERE i.indrelid = tbl AND i.indisvalid AND (num = ANY (i.indkey) OR EXISTS (
            SELECT FROM pg_catalog.pg_depend AS d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                AND d.refobjid = tbl AND d.refobjsubid = num
        ))
        UNION ALL
        SELECT 'check', k.conname, false, pg_get_constraintdef(k.oid)
        FROM pg_catalog.pg_constraint AS k
        WHERE k.conrelid = tbl AND k.contype = 'c' AND num = ANY (k.conkey)
    LOOP
        IF item.kind = 'index' THEN
            EXECUTE format('CREATE %s INDEX %I ON pg_temp.column_objects_copy %s',
                CASE WHEN item.indisunique THEN 'UNIQUE' END, item.relname,
                substr(item.text, strpos(item.text, ' USING ')));
        ELSE
            EXECUTE format('ALTER TABLE pg_temp.column_objects_copy ADD CONSTRAINT %I %s',
                item.relname, item.text);
        END IF;
    END LOOP;
    EXECUTE format('ALTER TABLE pg_temp.column_objects_copy RENAME COLUMN %I TO %I',
        col, other);
    RETURN QUERY
        SELECT 'index', tbl, c.relname,
            replace(migrations.spare_name(c.relname), '_spare_', '_column_')::name, format(
            'CREATE %s INDEX CONCURRENTLY %I ON %s%s',
            CASE WHEN i.indisunique THEN 'UNIQUE' END,
            replace(migrations.spare_name(c.relname), '_spare_', '_column_'), qualified,
            substr(pg_get_indexdef(c.oid), strpos(pg_get_indexdef(c.oid), ' USING ')))
        FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
        WHERE i.indrelid = 'pg_temp.column_objects_copy'::regclass
        UNION ALL
        SELECT 'check', tbl, k.conname,
            replace(migrations.spare_name(k.conname), '_spare_', '_column_')::name, format(
            'ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID', qualified,
            replace(migrations.spare_name(k.conname), '_spare_', '_column_'),
            regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', ''))
        FROM pg_catalog.pg_constraint AS k
        WHERE k.conrelid = 'pg_temp.column_objects_copy'::regclass AND k.contype = 'c'
        UNION ALL
        SELECT 'not null', tbl, ''::name,
            replace(migrations.spare_name('not null ' || col), '_spare_', '_column_')::name,
            format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%I IS NOT NULL) NOT VALID',
            qualified,
            replace(migrations.spare_name('not null ' || col), '_spare_', '_column_'), other)
        FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = tbl AND a.attnum = num AND a.attnotnull
        UNION ALL
        SELECT 'foreign key', k.conrelid::regclass, k.conname,
            replace(migrations.spare_name(k.conname), '_spare_', '_column_')::name, format(
            'ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID', k.conrelid::regclass,
            replace(migrations.spare_name(k.conname), '_spare_', '_column_'),
            migrations.foreign_key_text(k.oid, tbl, tbl, col, other))
        FROM pg_catalog.pg_constraint AS k
        WHERE k.contype = 'f' AND (k.conrelid = tbl AND num = ANY (k.conkey)
            OR k.confrelid = tbl AND num = ANY (k.confkey));
    DROP TABLE pg_temp.column_objects_copy;
END
$$
