-- Stops when it finds half a Supabase, and says what is missing.
DO $check$
DECLARE
    auth_found text[];
    auth_missing text[];
    tables_found text[];
    tables_missing text[];
    columns_missing text[];
BEGIN
    SELECT array_agg(name ORDER BY name) FILTER (WHERE there),
        array_agg(name ORDER BY name) FILTER (WHERE NOT there)
    INTO auth_found, auth_missing
    FROM (
        SELECT name, to_regclass(name) IS NOT NULL AS there
        FROM unnest(ARRAY['auth.users', 'auth.sessions']) AS name
        UNION ALL
        SELECT 'schema auth', to_regnamespace('auth') IS NOT NULL
        UNION ALL
        SELECT name, to_regprocedure(name) IS NOT NULL
        FROM unnest(ARRAY['auth.uid()', 'auth.jwt()', 'auth.role()']) AS name
    ) AS part;

    SELECT array_agg(name ORDER BY name) FILTER (WHERE to_regclass(name) IS NOT NULL),
        array_agg(name ORDER BY name) FILTER (WHERE to_regclass(name) IS NULL)
    INTO tables_found, tables_missing
    FROM unnest(ARRAY[
        'public.user_onboarding', 'public.user_bank_connections',
        'public.user_transfers', 'public.user_personalization'
    ]) AS name;

    IF auth_found IS NOT NULL THEN
        auth_missing := auth_missing || (
            SELECT array_agg('role ' || name ORDER BY name)
            FROM unnest(ARRAY['anon', 'authenticated', 'service_role']) AS name
            WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name)
        );
    END IF;
    IF auth_missing IS NOT NULL AND (auth_found || tables_found) IS NOT NULL THEN
        RAISE EXCEPTION 'this database is half a Supabase'
            USING DETAIL = format(
                'Found: %s. Missing: %s.',
                array_to_string(auth_found || tables_found, ', '),
                array_to_string(auth_missing, ', ')
            ),
            HINT = 'Is this the right database? Nothing of it was created; either restore '
                'what is missing, or start from an empty database.';
    END IF;
    IF tables_found IS NOT NULL AND tables_missing IS NOT NULL THEN
        RAISE EXCEPTION 'some of the existing tables are missing'
            USING DETAIL = format(
                'Found: %s. Missing: %s.',
                array_to_string(tables_found, ', '), array_to_string(tables_missing, ', ')
            ),
            HINT = 'Is this the right database? Nothing was created; the migration '
                'carries these tables over and does not guess at them.';
    END IF;

    SELECT array_agg(table_name || '.' || column_name ORDER BY table_name, column_name)
    INTO columns_missing
    FROM (VALUES
        ('user_onboarding', 'id'), ('user_onboarding', 'user_id'),
        ('user_onboarding', 'onboarding_data'), ('user_onboarding', 'status'),
        ('user_onboarding', 'alpaca_account_id'),
        ('user_onboarding', 'alpaca_account_number'),
        ('user_onboarding', 'alpaca_account_status'),
        ('user_onboarding', 'created_at'), ('user_onboarding', 'updated_at')
    ) AS needed (table_name, column_name)
    WHERE tables_found IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = to_regclass('public.' || needed.table_name)
            AND a.attname = needed.column_name AND NOT a.attisdropped
    );
    IF columns_missing IS NOT NULL THEN
        RAISE EXCEPTION 'public.user_onboarding is not the table that this project carries over'
            USING DETAIL = format('Missing: %s.', array_to_string(columns_missing, ', ')),
            HINT = 'Nothing was created. Add the columns, or adapt revision 005.';
    END IF;
END
$check$
