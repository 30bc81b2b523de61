-- What was set on a column to store or plan it better, as ALTER COLUMN takes it, for one
-- that holds the same. Storage and compression are for types that can be long.
CREATE OR REPLACE FUNCTION migrations.column_options(
    tbl regclass, col name, can_be_long boolean DEFAULT true
) RETURNS SETOF text LANGUAGE sql STABLE SET search_path = '' AS $$
    SELECT o.clause
    FROM pg_catalog.pg_attribute AS a
    JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
    CROSS JOIN LATERAL (VALUES
        (CASE WHEN a.attstattarget >= 0 THEN 'SET STATISTICS ' || a.attstattarget END),
        ('SET (' || array_to_string(a.attoptions, ', ') || ')'),
        (CASE WHEN can_be_long AND a.attstorage <> t.typstorage THEN 'SET STORAGE '
            || CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL'
                WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END),
        (CASE WHEN can_be_long THEN 'SET COMPRESSION '
            || CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END END)
    ) AS o (clause)
    WHERE a.attrelid = tbl AND a.attname = col AND o.clause IS NOT NULL
$$
