-- What stands on a table, and how to build the same on the one that takes its place.
-- Names in the schema cannot be had twice, so indexes, and keys on others' tables, are
-- made under spare names.
CREATE OR REPLACE FUNCTION migrations.table_objects(tbl regclass, nxt regclass)
RETURNS TABLE (
    kind text, owner regclass, partner regclass, name name, spare name, definition text
) LANGUAGE sql STABLE SET search_path = '' AS $$
    SELECT CASE WHEN k.oid IS NULL THEN 'index' ELSE 'constraint' END, tbl, NULL::regclass,
        c.relname, migrations.spare_name(c.relname),
        CASE WHEN k.oid IS NULL THEN format('CREATE %s INDEX %I ON %s%s',
            CASE WHEN i.indisunique THEN 'UNIQUE' END, migrations.spare_name(c.relname), nxt,
            substr(pg_get_indexdef(c.oid), strpos(pg_get_indexdef(c.oid), ' USING ')))
        ELSE format('ALTER TABLE %s ADD CONSTRAINT %I %s', nxt,
            migrations.spare_name(k.conname), pg_get_constraintdef(k.oid)) END
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    LEFT JOIN pg_catalog.pg_constraint AS k
        ON k.conindid = c.oid AND k.conrelid = tbl AND k.contype IN ('p', 'u', 'x')
    WHERE i.indrelid = tbl AND i.indisvalid
    UNION ALL
    SELECT CASE WHEN k.confrelid = tbl AND k.conrelid = tbl THEN 'key to itself'
            WHEN k.conrelid = tbl THEN 'key to others' ELSE 'key of others' END,
        k.conrelid::regclass, k.confrelid::regclass, k.conname, s.spare, format(
        'ALTER TABLE %s ADD CONSTRAINT %I %s%s',
        CASE WHEN k.conrelid = tbl THEN nxt ELSE k.conrelid::regclass END, s.spare,
        migrations.foreign_key_text(k.oid, tbl, nxt, '', ''),
        CASE WHEN k.confrelid = tbl THEN ' NOT VALID' ELSE '' END)
    FROM pg_catalog.pg_constraint AS k
    -- A key's name belongs to its table, so the new table's keys have theirs at once.
    CROSS JOIN LATERAL (SELECT CASE WHEN k.conrelid = tbl THEN k.conname
        ELSE migrations.spare_name(k.conname) END AS spare) AS s
    WHERE k.contype = 'f' AND (k.conrelid = tbl OR k.confrelid = tbl)
        AND k.conrelid <> nxt AND k.confrelid <> nxt AND k.conparentid = 0
$$
