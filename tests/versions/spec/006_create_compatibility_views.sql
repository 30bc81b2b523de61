-- File: migrations/006_create_compatibility_views.sql
-- Purpose: Maintain backward compatibility with existing queries

-- View to maintain compatibility with existing portfolio queries
CREATE VIEW public.user_portfolio_legacy AS 
SELECT 
    uia.user_id,
    uia.provider_account_id as account_id,
    uia.institution_name,
    uia.account_name,
    uia.is_active,
    CASE WHEN uia.provider = 'alpaca' THEN 'ACTIVE' ELSE 'AGGREGATED' END as account_status
FROM public.user_investment_accounts uia
WHERE uia.is_active = true;

-- Grant appropriate permissions
GRANT SELECT ON public.user_portfolio_legacy TO authenticated;

-- View for aggregated holdings that maintains position structure
CREATE VIEW public.user_positions_aggregated AS
SELECT 
    uah.user_id,
    uah.symbol,
    uah.total_quantity as quantity,
    uah.total_market_value as market_value,
    uah.total_cost_basis as cost_basis,
    uah.average_cost_basis,
    uah.unrealized_gain_loss,
    uah.unrealized_gain_loss_percent,
    uah.day_change_value,
    uah.day_change_percent,
    uah.account_count,
    uah.last_updated
FROM public.user_aggregated_holdings uah
WHERE uah.total_quantity > 0;

GRANT SELECT ON public.user_positions_aggregated TO authenticated;
