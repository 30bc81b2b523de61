-- File: migrations/009_extend_user_onboarding.sql
-- Purpose: Add fields to support multi-provider onboarding

-- Add new columns to existing user_onboarding table
ALTER TABLE public.user_onboarding 
ADD COLUMN IF NOT EXISTS onboarding_version INTEGER DEFAULT 1,
ADD COLUMN IF NOT EXISTS primary_provider TEXT DEFAULT 'alpaca',
ADD COLUMN IF NOT EXISTS account_aggregation_enabled BOOLEAN DEFAULT false,
ADD COLUMN IF NOT EXISTS plaid_link_completed BOOLEAN DEFAULT false,
ADD COLUMN IF NOT EXISTS aggregation_onboarded_at TIMESTAMPTZ;

-- Update existing records to reflect current state
UPDATE public.user_onboarding 
SET 
    onboarding_version = 1,
    primary_provider = 'alpaca',
    account_aggregation_enabled = false
WHERE onboarding_version IS NULL;

-- Create index for new columns
CREATE INDEX idx_user_onboarding_provider ON public.user_onboarding(primary_provider, account_aggregation_enabled);
