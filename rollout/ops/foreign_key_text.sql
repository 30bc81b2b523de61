-- A foreign key as ADD CONSTRAINT takes it, seen from a table or column that replaces
-- another: pass the same one twice where only the one or the other is replaced.
CREATE OR REPLACE FUNCTION migrations.foreign_key_text(
    con oid, was regclass, becomes regclass, was_column name, becomes_column name
) RETURNS text LANGUAGE sql STABLE SET search_path = '' AS $$
    SELECT format('FOREIGN KEY (%s) REFERENCES %s (%s)%s',
        own.names,
        CASE WHEN k.confrelid = was THEN becomes ELSE k.confrelid::regclass END,
        theirs.names,
        -- What follows the columns: MATCH, ON UPDATE, ON DELETE, DEFERRABLE.
        CASE WHEN k.confmatchtype = 'f' THEN ' MATCH FULL' ELSE '' END
        || coalesce(' ON UPDATE ' || (actions.words ->> k.confupdtype::text), '')
        || coalesce(' ON DELETE ' || (actions.words ->> k.confdeltype::text), '')
        || coalesce(' (' || deleted.names || ')', '')
        || CASE WHEN k.condeferrable THEN ' DEFERRABLE' ELSE '' END
        || CASE WHEN k.condeferred THEN ' INITIALLY DEFERRED' ELSE '' END)
    FROM pg_catalog.pg_constraint AS k
    CROSS JOIN (VALUES ('{"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE",
        "n": "SET NULL", "d": "SET DEFAULT"}'::jsonb)) AS actions (words)
    CROSS JOIN LATERAL (
        SELECT string_agg(quote_ident(CASE WHEN k.conrelid = was AND a.attname = was_column
            THEN becomes_column ELSE a.attname END), ', ' ORDER BY n) AS names
        FROM unnest(k.conkey) WITH ORDINALITY AS c (num, n)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = c.num
    ) AS own
    CROSS JOIN LATERAL (
        SELECT string_agg(quote_ident(CASE WHEN k.confrelid = was AND a.attname = was_column
            THEN becomes_column ELSE a.attname END), ', ' ORDER BY n) AS names
        FROM unnest(k.confkey) WITH ORDINALITY AS c (num, n)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = c.num
    ) AS theirs
    CROSS JOIN LATERAL (
        SELECT string_agg(quote_ident(CASE WHEN k.conrelid = was AND a.attname = was_column
            THEN becomes_column ELSE a.attname END), ', ' ORDER BY n) AS names
        FROM unnest(k.confdelsetcols) WITH ORDINALITY AS c (num, n)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = c.num
    ) AS deleted
    WHERE k.oid = con
$$
