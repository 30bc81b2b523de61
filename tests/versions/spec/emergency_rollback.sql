-- File: rollback/emergency_rollback.sql
-- Purpose: Quick rollback of all migration changes

-- WARNING: This will drop all new tables and data
-- Only use in emergency situations with proper backups

BEGIN;

-- Drop new tables (in reverse dependency order)
DROP TABLE IF EXISTS public.user_feature_flags CASCADE;
DROP TABLE IF EXISTS public.user_investment_transactions CASCADE;  
DROP TABLE IF EXISTS public.user_portfolio_snapshots CASCADE;
DROP TABLE IF EXISTS public.user_aggregated_holdings CASCADE;
DROP TABLE IF EXISTS public.user_investment_accounts CASCADE;

-- Drop views
DROP VIEW IF EXISTS public.user_positions_aggregated CASCADE;
DROP VIEW IF EXISTS public.user_portfolio_legacy CASCADE;

-- Drop functions
DROP FUNCTION IF EXISTS validate_migration_integrity() CASCADE;

-- Revert user_onboarding changes
ALTER TABLE public.user_onboarding 
DROP COLUMN IF EXISTS onboarding_version,
DROP COLUMN IF EXISTS primary_provider,
DROP COLUMN IF EXISTS account_aggregation_enabled,
DROP COLUMN IF EXISTS plaid_link_completed,
DROP COLUMN IF EXISTS aggregation_onboarded_at;

-- Log rollback
INSERT INTO public.migration_log (operation, description, executed_at)
VALUES ('ROLLBACK', 'Emergency rollback of portfolio aggregation migration', now());

COMMIT;
