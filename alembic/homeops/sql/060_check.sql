-- Before anything is made: HNSW came with 0.5, scans that go on with 0.8.
DO $check$
DECLARE
    found text;
    place text;
BEGIN
    SELECT e.extversion, n.nspname INTO found, place
    FROM pg_catalog.pg_extension AS e
    JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
    WHERE e.extname = 'vector';
    IF string_to_array(found, '.')::int[] < ARRAY[0, 8] THEN
        RAISE EXCEPTION 'pgvector % is too old: 3.0.0 needs 0.8 or later', found
            USING HINT = 'ALTER EXTENSION vector UPDATE; or ask the administrator for a newer one.';
    END IF;
    IF place <> 'extensions' THEN
        RAISE EXCEPTION 'pgvector is in schema %, not in schema extensions', place
            USING HINT = 'ALTER EXTENSION vector SET SCHEMA extensions;';
    END IF;
END
$check$
