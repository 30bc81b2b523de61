-- File: migrations/002_create_aggregated_holdings.sql
-- Purpose: Cache aggregated position data for performance

CREATE TABLE public.user_aggregated_holdings (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL REFERENCES auth.users(id) ON DELETE CASCADE,
    
    -- Security identification
    symbol TEXT NOT NULL,
    security_id TEXT, -- CUSIP, ISIN, or other unique identifier
    security_name TEXT,
    security_type TEXT, -- 'equity', 'bond', 'etf', 'mutual_fund', 'crypto', 'option', 'cash'
    
    -- Aggregated position data
    total_quantity DECIMAL(20, 8) DEFAULT 0,
    total_market_value DECIMAL(20, 2) DEFAULT 0,
    total_cost_basis DECIMAL(20, 2) DEFAULT 0,
    average_cost_basis DECIMAL(20, 8) DEFAULT 0,
    
    -- Performance metrics
    unrealized_gain_loss DECIMAL(20, 2) DEFAULT 0,
    unrealized_gain_loss_percent DECIMAL(10, 4) DEFAULT 0,
    day_change_value DECIMAL(20, 2) DEFAULT 0,
    day_change_percent DECIMAL(10, 4) DEFAULT 0,
    
    -- Account breakdown
    account_contributions JSONB DEFAULT '[]', -- Array of {account_id, quantity, market_value, cost_basis}
    institution_breakdown JSONB DEFAULT '{}', -- {institution_name: {quantity, value}}
    account_count INTEGER DEFAULT 1,
    
    -- Metadata
    last_updated TIMESTAMPTZ DEFAULT now(),
    price_as_of TIMESTAMPTZ,
    data_source TEXT DEFAULT 'aggregated', -- 'plaid', 'alpaca', 'manual', 'aggregated'
    
    -- Constraints
    UNIQUE(user_id, symbol),
    CHECK (total_quantity >= 0),
    CHECK (account_count > 0)
);

-- Create indexes
CREATE INDEX idx_aggregated_holdings_user_id ON public.user_aggregated_holdings(user_id);
CREATE INDEX idx_aggregated_holdings_symbol ON public.user_aggregated_holdings(symbol);
CREATE INDEX idx_aggregated_holdings_user_updated ON public.user_aggregated_holdings(user_id, last_updated DESC);
CREATE INDEX idx_aggregated_holdings_value ON public.user_aggregated_holdings(user_id, total_market_value DESC) WHERE total_market_value > 0;

-- GIN index for JSONB queries
CREATE INDEX idx_aggregated_holdings_contributions ON public.user_aggregated_holdings USING GIN(account_contributions);
CREATE INDEX idx_aggregated_holdings_institutions ON public.user_aggregated_holdings USING GIN(institution_breakdown);

-- Row Level Security  
ALTER TABLE public.user_aggregated_holdings ENABLE ROW LEVEL SECURITY;

CREATE POLICY "Users can view their aggregated holdings" ON public.user_aggregated_holdings
    FOR ALL
    USING (auth.uid() = user_id);

-- Update trigger
CREATE TRIGGER update_aggregated_holdings_updated_at 
    BEFORE UPDATE ON public.user_aggregated_holdings 
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();
