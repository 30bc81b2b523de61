"""The specification's own SQL for tables in use, word for word, to compare with."""

CREATE_ACCOUNTS = """
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
)
"""  # noqa: E501 - word for word

EXTEND_ONBOARDING = """
ALTER TABLE public.user_onboarding
ADD COLUMN IF NOT EXISTS onboarding_version INTEGER DEFAULT 1,
ADD COLUMN IF NOT EXISTS primary_provider TEXT DEFAULT 'alpaca',
ADD COLUMN IF NOT EXISTS account_aggregation_enabled BOOLEAN DEFAULT false,
ADD COLUMN IF NOT EXISTS plaid_link_completed BOOLEAN DEFAULT false,
ADD COLUMN IF NOT EXISTS aggregation_onboarded_at TIMESTAMPTZ
"""

ROLLBACK_ONBOARDING = """
ALTER TABLE public.user_onboarding
DROP COLUMN IF EXISTS onboarding_version,
DROP COLUMN IF EXISTS primary_provider,
DROP COLUMN IF EXISTS account_aggregation_enabled,
DROP COLUMN IF EXISTS plaid_link_completed,
DROP COLUMN IF EXISTS aggregation_onboarded_at
"""
