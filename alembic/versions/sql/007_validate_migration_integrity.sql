-- Same columns as the specification's. SECURITY DEFINER: it counts over all users and
-- reads the bookkeeping schema; only service_role may execute it.
CREATE OR REPLACE FUNCTION public.validate_migration_integrity()
RETURNS TABLE (check_name text, status text, details text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $function$
DECLARE
    -- 008 comes later: its table is checked once it is there.
    expected CONSTANT text[] := ARRAY[
        'user_investment_accounts', 'user_aggregated_holdings',
        'user_portfolio_snapshots', 'user_investment_transactions'
    ] || CASE WHEN to_regclass('public.user_feature_flags') IS NULL THEN '{}'::text[]
        ELSE ARRAY['user_feature_flags'] END;
BEGIN
    -- Check 1: every row with an account has its account, or a reject with a reason. Users
    -- whom the new application has taken over are its own affair.
    RETURN QUERY
    WITH missing AS MATERIALIZED (
        SELECT o.id FROM migrations.onboarding_accounts AS o
        WHERE o.claims_account
            AND NOT EXISTS (
                SELECT FROM public.user_investment_accounts AS a
                WHERE a.user_id = o.user_id AND a.provider = 'alpaca'
                    AND a.provider_account_id = o.provider_account_id
            )
            AND NOT EXISTS (
                SELECT FROM migrations.backfill_rejects AS r
                WHERE r.revision = '005' AND r.source_table = 'public.user_onboarding'
                    AND r.source_id = o.id::text AND r.reason NOT LIKE 'busy:%'
            )
    )
    SELECT 'user_account_mapping'::text,
        CASE WHEN count(*) = 0 THEN 'PASS' ELSE 'FAIL' END,
        'Accounts not carried over: ' || count(*)
    FROM missing WHERE NOT migrations.is_aggregated(missing.id);

    -- Check 2: no account twice, and no user with two primary accounts.
    RETURN QUERY
    SELECT 'duplicate_accounts'::text,
        CASE WHEN count(*) = 0 THEN 'PASS' ELSE 'FAIL' END,
        'Duplicate accounts found: ' || count(*)
    FROM (
        SELECT FROM public.user_investment_accounts AS a
        GROUP BY a.user_id, a.provider, a.provider_account_id HAVING count(*) > 1
    ) AS duplicates;

    RETURN QUERY
    SELECT 'primary_accounts'::text,
        CASE WHEN count(*) = 0 THEN 'PASS' ELSE 'FAIL' END,
        'Users with several primary accounts: ' || count(*)
    FROM (
        SELECT FROM public.user_investment_accounts AS a WHERE a.is_primary
        GROUP BY a.user_id HAVING count(*) > 1
    ) AS several;

    -- Check 3: row level security is on, with policies, on every new table.
    RETURN QUERY
    SELECT 'rls_policies'::text,
        CASE WHEN count(*) = cardinality(expected) THEN 'PASS' ELSE 'FAIL' END,
        'Tables with RLS enabled and policies: ' || count(*) || ' of '
            || cardinality(expected)
    FROM pg_catalog.pg_class AS c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY (expected)
        AND c.relrowsecurity
        AND EXISTS (SELECT FROM pg_catalog.pg_policy AS p WHERE p.polrelid = c.oid);

    -- Check 4: the specification's indexes, by name, and valid.
    RETURN QUERY
    SELECT 'required_indexes'::text,
        CASE WHEN count(*) FILTER (WHERE i.indisvalid IS NOT TRUE) = 0
            THEN 'PASS' ELSE 'FAIL' END,
        coalesce('Missing or invalid: ' || string_agg(needed, ', ' ORDER BY needed)
            FILTER (WHERE i.indisvalid IS NOT TRUE), 'Indexes created: ' || count(*))
    FROM unnest(ARRAY[
        'idx_investment_accounts_user_id', 'idx_investment_accounts_user_provider',
        'idx_investment_accounts_sync_status', 'idx_investment_accounts_one_primary',
        'idx_aggregated_holdings_user_id', 'idx_aggregated_holdings_symbol',
        'idx_aggregated_holdings_user_updated', 'idx_aggregated_holdings_value',
        'idx_aggregated_holdings_contributions', 'idx_aggregated_holdings_institutions',
        'idx_portfolio_snapshots_user_date', 'idx_portfolio_snapshots_date',
        'idx_portfolio_snapshots_type', 'idx_portfolio_snapshots_providers',
        'idx_portfolio_snapshots_sectors', 'idx_investment_transactions_user_id',
        'idx_investment_transactions_account', 'idx_investment_transactions_symbol',
        'idx_investment_transactions_type_date', 'idx_investment_transactions_date'
    ]) AS needed
    LEFT JOIN pg_catalog.pg_index AS i
        ON i.indexrelid = to_regclass('public.' || needed);

    -- Check 5: the triggers that keep timestamps and accounts up to date.
    RETURN QUERY
    SELECT 'required_triggers'::text,
        CASE WHEN count(t.tgname) = count(*) THEN 'PASS' ELSE 'FAIL' END,
        'Triggers enabled: ' || count(t.tgname) || ' of ' || count(*)
    FROM (VALUES
        ('public.user_investment_accounts', 'update_investment_accounts_updated_at'),
        ('public.user_aggregated_holdings', 'update_aggregated_holdings_updated_at'),
        ('public.user_onboarding', 'sync_investment_account')
    ) AS needed (table_name, trigger_name)
    LEFT JOIN pg_catalog.pg_trigger AS t
        ON t.tgrelid = to_regclass(needed.table_name)
        AND t.tgname = needed.trigger_name AND t.tgenabled IN ('O', 'A');

    -- Check 6: constraints hold for all rows, not only for new ones.
    RETURN QUERY
    SELECT 'validated_constraints'::text,
        CASE WHEN count(*) = 0 THEN 'PASS' ELSE 'FAIL' END,
        'Constraints not validated: ' || count(*)
    FROM pg_catalog.pg_constraint AS c
    WHERE NOT c.convalidated
        AND c.conrelid = ANY (
            SELECT to_regclass('public.' || name) FROM unnest(expected) AS name
        );

    -- Check 7: rows that could not be carried over. Known, kept, and for people to read.
    RETURN QUERY
    SELECT 'rejected_rows'::text,
        CASE WHEN count(*) = 0 THEN 'PASS' ELSE 'WARN' END,
        'Rows in migrations.backfill_rejects: ' || count(*)
    FROM migrations.backfill_rejects AS r;
END
$function$
