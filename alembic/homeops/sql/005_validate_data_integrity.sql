-- SECURITY DEFINER: it counts over all users and reads the bookkeeping schema; only
-- service_role may execute it. It asks the catalog, so tables of later revisions count.
CREATE OR REPLACE FUNCTION core.validate_data_integrity()
RETURNS TABLE (check_name text, status text, details text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $function$
DECLARE
    ours CONSTANT oid[] := ARRAY(
        SELECT c.oid FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('core', 'financial', 'media', 'smart_home', 'marketplace', 'ai')
            AND c.relkind IN ('r', 'p')
    );
BEGIN
    -- Check 1: the tables of the initial schema are there.
    RETURN QUERY
    SELECT 'required_tables'::text,
        CASE WHEN count(*) FILTER (WHERE to_regclass(name) IS NULL) = 0
            THEN 'PASS' ELSE 'FAIL' END,
        coalesce('Missing: ' || string_agg(name, ', ' ORDER BY name)
            FILTER (WHERE to_regclass(name) IS NULL), 'Tables: ' || count(*))
    FROM unnest(ARRAY[
        'core.users', 'core.system_config', 'financial.institutions',
        'financial.accounts', 'financial.transactions', 'financial.positions',
        'media.libraries', 'media.items', 'media.viewing_history', 'smart_home.rooms',
        'smart_home.devices', 'smart_home.device_readings'
    ]) AS name;

    -- Check 2: where people's requests have rights, row level security decides which rows.
    RETURN QUERY
    SELECT 'rls_policies'::text, CASE WHEN count(bad) = 0 THEN 'PASS' ELSE 'FAIL' END,
        coalesce('Open: ' || string_agg(bad, ', ' ORDER BY bad),
            'Tables looked at: ' || cardinality(ours))
    FROM (
        SELECT c.oid::regclass::text AS bad FROM pg_catalog.pg_class AS c
        WHERE c.oid = ANY (ours)
            AND EXISTS (
                SELECT FROM unnest(ARRAY['anon', 'authenticated']) AS role
                WHERE pg_catalog.has_any_column_privilege(
                    role, c.oid, 'SELECT, INSERT, UPDATE'
                ) OR pg_catalog.has_table_privilege(role, c.oid, 'DELETE, TRUNCATE')
            )
            AND NOT (c.relrowsecurity AND EXISTS (
                SELECT FROM pg_catalog.pg_policy AS p WHERE p.polrelid = c.oid
            ))
    ) AS found;

    -- Check 3: constraints hold for all rows, not only for new ones.
    RETURN QUERY
    SELECT 'validated_constraints'::text,
        CASE WHEN count(*) = 0 THEN 'PASS' ELSE 'FAIL' END,
        coalesce('Not validated: ' || string_agg(k.conname, ', ' ORDER BY k.conname), 'All')
    FROM pg_catalog.pg_constraint AS k WHERE NOT k.convalidated AND k.conrelid = ANY (ours);

    -- Check 4: no index was left half built.
    RETURN QUERY
    SELECT 'valid_indexes'::text, CASE WHEN count(*) = 0 THEN 'PASS' ELSE 'FAIL' END,
        coalesce('Invalid: ' || string_agg(i.indexrelid::regclass::text, ', '), 'All')
    FROM pg_catalog.pg_index AS i WHERE NOT i.indisvalid AND i.indrelid = ANY (ours);

    -- Check 5: every foreign key has an index that begins with its columns.
    RETURN QUERY
    SELECT 'foreign_key_indexes'::text, CASE WHEN count(*) = 0 THEN 'PASS' ELSE 'WARN' END,
        coalesce('Without: ' || string_agg(k.conname, ', ' ORDER BY k.conname), 'All')
    FROM pg_catalog.pg_constraint AS k
    WHERE k.contype = 'f' AND k.conrelid = ANY (ours) AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_index AS i
        WHERE i.indrelid = k.conrelid AND i.indpred IS NULL
            AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
    );

    -- Check 6: no booking without its account, even where keys were switched off.
    RETURN QUERY
    SELECT 'orphaned_transactions'::text,
        CASE WHEN count(*) = 0 THEN 'PASS' ELSE 'FAIL' END, 'Rows: ' || count(*)
    FROM financial.transactions AS t
    WHERE NOT EXISTS (SELECT FROM financial.accounts AS a WHERE a.id = t.account_id);

    -- Check 7: what a household cannot do without.
    RETURN QUERY
    SELECT 'reference_data'::text, CASE WHEN count(missing) = 0 THEN 'PASS' ELSE 'WARN' END,
        coalesce('Missing: ' || string_agg(missing, ', '), 'Settings and rooms are there')
    FROM (
        SELECT 'setting system.version' AS missing
        WHERE NOT EXISTS (SELECT FROM core.system_config WHERE key = 'system.version')
        UNION ALL
        SELECT 'rooms' WHERE NOT EXISTS (SELECT FROM smart_home.rooms)
    ) AS found;

    -- Check 8: rows that could not be carried over. Known, kept, and for people to read.
    RETURN QUERY
    SELECT 'rejected_rows'::text, CASE WHEN count(*) = 0 THEN 'PASS' ELSE 'WARN' END,
        'Rows in migrations.backfill_rejects: ' || count(*)
    FROM migrations.backfill_rejects AS r;
END
$function$
