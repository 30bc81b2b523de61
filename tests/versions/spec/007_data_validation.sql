-- File: migrations/007_data_validation.sql
-- Purpose: Validate data integrity after migration

-- Function to validate migration integrity
CREATE OR REPLACE FUNCTION validate_migration_integrity()
RETURNS TABLE(
    check_name TEXT,
    status TEXT,
    details TEXT
) AS $$
BEGIN
    -- Check 1: All users with onboarding data have investment accounts
    RETURN QUERY
    SELECT 
        'user_account_mapping'::TEXT,
        CASE 
            WHEN COUNT(*) = 0 THEN 'PASS'
            ELSE 'FAIL'
        END::TEXT,
        'Users missing investment accounts: ' || COUNT(*)::TEXT
    FROM public.user_onboarding uo
    LEFT JOIN public.user_investment_accounts uia ON uo.user_id = uia.user_id
    WHERE uo.alpaca_account_id IS NOT NULL 
      AND uia.id IS NULL;

    -- Check 2: No duplicate investment accounts per user/provider
    RETURN QUERY
    SELECT 
        'duplicate_accounts'::TEXT,
        CASE 
            WHEN COUNT(*) = 0 THEN 'PASS'
            ELSE 'FAIL'
        END::TEXT,
        'Duplicate accounts found: ' || COUNT(*)::TEXT
    FROM (
        SELECT user_id, provider, provider_account_id, COUNT(*) as count
        FROM public.user_investment_accounts
        GROUP BY user_id, provider, provider_account_id
        HAVING COUNT(*) > 1
    ) duplicates;

    -- Check 3: RLS policies are enabled
    RETURN QUERY
    SELECT 
        'rls_policies'::TEXT,
        CASE 
            WHEN COUNT(*) = 3 THEN 'PASS' -- 3 new tables should have RLS
            ELSE 'FAIL'
        END::TEXT,
        'Tables with RLS enabled: ' || COUNT(*)::TEXT
    FROM pg_class c
    JOIN pg_namespace n ON c.relnamespace = n.oid
    WHERE n.nspname = 'public' 
      AND c.relname IN ('user_investment_accounts', 'user_aggregated_holdings', 'user_portfolio_snapshots')
      AND c.relrowsecurity = true;

    -- Check 4: Indexes are created
    RETURN QUERY
    SELECT 
        'required_indexes'::TEXT,
        CASE 
            WHEN COUNT(*) >= 10 THEN 'PASS' -- Expect at least 10 indexes on new tables
            ELSE 'FAIL'
        END::TEXT,
        'Indexes created: ' || COUNT(*)::TEXT
    FROM pg_indexes
    WHERE schemaname = 'public'
      AND tablename IN ('user_investment_accounts', 'user_aggregated_holdings', 'user_portfolio_snapshots', 'user_investment_transactions');

END;
$$ LANGUAGE plpgsql;

-- Run validation
SELECT * FROM validate_migration_integrity();
