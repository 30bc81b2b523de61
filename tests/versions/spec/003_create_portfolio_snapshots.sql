-- File: migrations/003_create_portfolio_snapshots.sql  
-- Purpose: Track portfolio value over time for performance calculations

CREATE TABLE public.user_portfolio_snapshots (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL REFERENCES auth.users(id) ON DELETE CASCADE,
    
    -- Snapshot timing
    snapshot_date DATE NOT NULL,
    snapshot_type TEXT DEFAULT 'daily' CHECK (snapshot_type IN ('daily', 'weekly', 'monthly', 'manual')),
    
    -- Aggregated portfolio metrics
    total_value DECIMAL(20, 2) DEFAULT 0,
    total_cost_basis DECIMAL(20, 2) DEFAULT 0,
    total_gain_loss DECIMAL(20, 2) DEFAULT 0,
    total_gain_loss_percent DECIMAL(10, 4) DEFAULT 0,
    
    -- Account breakdown
    account_count INTEGER DEFAULT 0,
    provider_breakdown JSONB DEFAULT '{}', -- {provider: {accounts: count, value: amount}}
    account_type_breakdown JSONB DEFAULT '{}', -- {account_type: value}
    
    -- Market context
    sp500_value DECIMAL(10, 2), -- S&P 500 close for benchmark comparison
    market_data JSONB DEFAULT '{}', -- Additional market context
    
    -- Portfolio composition
    top_holdings JSONB DEFAULT '[]', -- Top 10 holdings for this date
    sector_allocation JSONB DEFAULT '{}', -- Sector breakdown
    asset_allocation JSONB DEFAULT '{}', -- Asset class breakdown
    
    -- Metadata
    created_at TIMESTAMPTZ DEFAULT now(),
    
    -- Constraints
    UNIQUE(user_id, snapshot_date, snapshot_type),
    CHECK (total_value >= 0),
    CHECK (account_count >= 0)
);

-- Create indexes
CREATE INDEX idx_portfolio_snapshots_user_date ON public.user_portfolio_snapshots(user_id, snapshot_date DESC);
CREATE INDEX idx_portfolio_snapshots_date ON public.user_portfolio_snapshots(snapshot_date);
CREATE INDEX idx_portfolio_snapshots_type ON public.user_portfolio_snapshots(snapshot_type, snapshot_date);

-- GIN indexes for JSONB queries
CREATE INDEX idx_portfolio_snapshots_providers ON public.user_portfolio_snapshots USING GIN(provider_breakdown);
CREATE INDEX idx_portfolio_snapshots_sectors ON public.user_portfolio_snapshots USING GIN(sector_allocation);

-- Row Level Security
ALTER TABLE public.user_portfolio_snapshots ENABLE ROW LEVEL SECURITY;

CREATE POLICY "Users can view their portfolio snapshots" ON public.user_portfolio_snapshots
    FOR ALL
    USING (auth.uid() = user_id);
