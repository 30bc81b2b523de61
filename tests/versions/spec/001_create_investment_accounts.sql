-- File: migrations/001_create_investment_accounts.sql
-- Purpose: Support multiple investment accounts from various providers

CREATE TABLE public.user_investment_accounts (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL REFERENCES auth.users(id) ON DELETE CASCADE,
    
    -- Provider information
    provider TEXT NOT NULL CHECK (provider IN ('plaid', 'alpaca', 'manual')),
    provider_account_id TEXT NOT NULL,
    provider_item_id TEXT, -- Plaid item ID or similar
    
    -- Account details
    institution_id TEXT, -- Plaid institution ID
    institution_name TEXT NOT NULL,
    account_name TEXT,
    account_type TEXT NOT NULL, -- 'brokerage', '401k', 'ira', 'roth_ira', '529', 'hsa'
    account_subtype TEXT, -- More specific type from provider
    
    -- Access and sync information
    access_token_encrypted TEXT, -- Encrypted access token for API access
    sync_enabled BOOLEAN DEFAULT true,
    last_synced TIMESTAMPTZ,
    sync_status TEXT DEFAULT 'pending' CHECK (sync_status IN ('pending', 'syncing', 'success', 'error', 'disabled')),
    sync_error_message TEXT,
    
    -- Account status
    is_active BOOLEAN DEFAULT true,
    is_primary BOOLEAN DEFAULT false, -- Designate primary account for display
    
    -- Metadata
    raw_account_data JSONB DEFAULT '{}', -- Store provider-specific data
    created_at TIMESTAMPTZ DEFAULT now(),
    updated_at TIMESTAMPTZ DEFAULT now(),
    
    -- Constraints
    UNIQUE(provider, provider_account_id, user_id), -- One connection per provider account
    CHECK (length(institution_name) > 0)
);

-- Create indexes for performance
CREATE INDEX idx_investment_accounts_user_id ON public.user_investment_accounts(user_id);
CREATE INDEX idx_investment_accounts_user_provider ON public.user_investment_accounts(user_id, provider, is_active);
CREATE INDEX idx_investment_accounts_sync_status ON public.user_investment_accounts(sync_status, last_synced) WHERE sync_enabled = true;

-- Row Level Security
ALTER TABLE public.user_investment_accounts ENABLE ROW LEVEL SECURITY;

CREATE POLICY "Users can manage their investment accounts" ON public.user_investment_accounts
    FOR ALL 
    USING (auth.uid() = user_id);

-- Update trigger for updated_at
CREATE OR REPLACE FUNCTION update_updated_at_column()
RETURNS TRIGGER AS $$
BEGIN
    NEW.updated_at = now();
    RETURN NEW;
END;
$$ language 'plpgsql';

CREATE TRIGGER update_investment_accounts_updated_at 
    BEFORE UPDATE ON public.user_investment_accounts 
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();
