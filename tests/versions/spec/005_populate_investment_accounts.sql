-- File: migrations/005_populate_investment_accounts.sql
-- Purpose: Migrate existing Alpaca accounts to new multi-provider structure

-- Insert existing Alpaca accounts
INSERT INTO public.user_investment_accounts (
    user_id,
    provider,
    provider_account_id,
    institution_name,
    account_name,
    account_type,
    is_active,
    is_primary,
    sync_status,
    last_synced,
    created_at,
    updated_at
)
SELECT 
    user_id,
    'alpaca' as provider,
    COALESCE(alpaca_account_id, alpaca_account_number) as provider_account_id,
    'Alpaca Securities' as institution_name,
    'Alpaca Brokerage Account' as account_name,
    'brokerage' as account_type,
    CASE 
        WHEN alpaca_account_status = 'ACTIVE' THEN true 
        ELSE false 
    END as is_active,
    true as is_primary, -- First account is primary
    CASE
        WHEN alpaca_account_status = 'ACTIVE' THEN 'success'
        WHEN alpaca_account_status IN ('PENDING', 'SUBMITTED') THEN 'pending'
        ELSE 'error'
    END as sync_status,
    updated_at as last_synced,
    created_at,
    updated_at
FROM public.user_onboarding 
WHERE alpaca_account_id IS NOT NULL 
   OR alpaca_account_number IS NOT NULL;

-- Log migration results
DO $$
DECLARE
    migrated_count INTEGER;
BEGIN
    SELECT COUNT(*) INTO migrated_count 
    FROM public.user_investment_accounts 
    WHERE provider = 'alpaca';
    
    RAISE NOTICE 'Migrated % Alpaca accounts to investment accounts table', migrated_count;
END $$;
