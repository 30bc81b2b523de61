-- File: migrations/008_feature_flags_support.sql
-- Purpose: Add database support for feature flags

-- Table to store user-specific feature flag overrides
CREATE TABLE public.user_feature_flags (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL REFERENCES auth.users(id) ON DELETE CASCADE,
    flag_name TEXT NOT NULL,
    enabled BOOLEAN NOT NULL DEFAULT false,
    reason TEXT, -- Why this override was set
    set_by TEXT, -- Who set this override (admin user, system, etc.)
    expires_at TIMESTAMPTZ, -- Optional expiration
    created_at TIMESTAMPTZ DEFAULT now(),
    updated_at TIMESTAMPTZ DEFAULT now(),
    
    UNIQUE(user_id, flag_name)
);

-- Create indexes
CREATE INDEX idx_user_feature_flags_user ON public.user_feature_flags(user_id);
CREATE INDEX idx_user_feature_flags_flag ON public.user_feature_flags(flag_name, enabled);
CREATE INDEX idx_user_feature_flags_expiry ON public.user_feature_flags(expires_at) WHERE expires_at IS NOT NULL;

-- Row Level Security
ALTER TABLE public.user_feature_flags ENABLE ROW LEVEL SECURITY;

CREATE POLICY "Users can view their feature flags" ON public.user_feature_flags
    FOR SELECT
    USING (auth.uid() = user_id);

-- Only admins can modify feature flags (implement admin check as needed)
CREATE POLICY "Admins can manage feature flags" ON public.user_feature_flags
    FOR ALL
    USING (auth.jwt() ->> 'role' = 'admin'); -- Adjust based on your admin implementation

-- Update trigger
CREATE TRIGGER update_user_feature_flags_updated_at 
    BEFORE UPDATE ON public.user_feature_flags 
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();
