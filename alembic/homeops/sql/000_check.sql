-- Stops when it finds half a Supabase, and says what is missing.
DO $check$
DECLARE
    found text[];
    missing text[];
BEGIN
    SELECT array_agg(name ORDER BY name) FILTER (WHERE there),
        array_agg(name ORDER BY name) FILTER (WHERE NOT there)
    INTO found, missing
    FROM (
        SELECT 'schema auth' AS name, to_regnamespace('auth') IS NOT NULL AS there
        UNION ALL
        SELECT 'auth.users', to_regclass('auth.users') IS NOT NULL
        UNION ALL
        SELECT 'auth.uid()', to_regprocedure('auth.uid()') IS NOT NULL
    ) AS part;
    IF found IS NOT NULL THEN
        missing := missing || (
            SELECT array_agg('role ' || name ORDER BY name)
            FROM unnest(ARRAY['anon', 'authenticated', 'service_role']) AS name
            WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name)
        );
    END IF;
    IF found IS NOT NULL AND missing IS NOT NULL THEN
        RAISE EXCEPTION 'this database is half a Supabase'
            USING DETAIL = format('Found: %s. Missing: %s.',
                array_to_string(found, ', '), array_to_string(missing, ', ')),
            HINT = 'Is this the right database? Nothing of it was created; either restore '
                'what is missing, or start from an empty database.';
    END IF;
END
$check$
