-- File: rollback/selective_rollback.sql
-- Purpose: Rollback specific components while preserving others

-- Rollback only aggregated holdings (preserve accounts)
DROP TABLE IF EXISTS public.user_aggregated_holdings CASCADE;

-- Rollback only snapshots (preserve live data)
DROP TABLE IF EXISTS public.user_portfolio_snapshots CASCADE;

-- Rollback feature flags only
DROP TABLE IF EXISTS public.user_feature_flags CASCADE;
