"""The specification's SQL for tables in use, as written: the certificate's control."""

UPGRADES = {
    "001": (
        """CREATE TABLE public.user_investment_accounts (
            id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
            user_id UUID NOT NULL REFERENCES auth.users(id) ON DELETE CASCADE,
            provider TEXT NOT NULL, provider_account_id TEXT NOT NULL,
            institution_name TEXT NOT NULL, account_name TEXT,
            account_type TEXT NOT NULL,
            is_active BOOLEAN DEFAULT true, is_primary BOOLEAN DEFAULT false,
            sync_status TEXT DEFAULT 'pending', last_synced TIMESTAMPTZ,
            created_at TIMESTAMPTZ DEFAULT now(), updated_at TIMESTAMPTZ DEFAULT now(),
            UNIQUE (provider, provider_account_id, user_id))""",
        "CREATE INDEX ON public.user_investment_accounts (user_id)",
    ),
    "005": (
        """INSERT INTO public.user_investment_accounts (user_id, provider,
            provider_account_id, institution_name, account_name, account_type,
            is_active, is_primary, sync_status, last_synced, created_at, updated_at)
        SELECT user_id, 'alpaca', COALESCE(alpaca_account_id, alpaca_account_number),
            'Alpaca Securities', 'Alpaca Brokerage Account', 'brokerage',
            CASE WHEN alpaca_account_status = 'ACTIVE' THEN true ELSE false END, true,
            CASE WHEN alpaca_account_status = 'ACTIVE' THEN 'success'
                WHEN alpaca_account_status IN ('PENDING', 'SUBMITTED') THEN 'pending'
                ELSE 'error' END,
            updated_at, created_at, updated_at
        FROM public.user_onboarding
        WHERE alpaca_account_id IS NOT NULL OR alpaca_account_number IS NOT NULL""",
    ),
    "009": (
        """ALTER TABLE public.user_onboarding
            ADD COLUMN IF NOT EXISTS onboarding_version INTEGER DEFAULT 1,
            ADD COLUMN IF NOT EXISTS primary_provider TEXT DEFAULT 'alpaca',
            ADD COLUMN IF NOT EXISTS account_aggregation_enabled BOOLEAN DEFAULT false,
            ADD COLUMN IF NOT EXISTS plaid_link_completed BOOLEAN DEFAULT false,
            ADD COLUMN IF NOT EXISTS aggregation_onboarded_at TIMESTAMPTZ""",
        """CREATE INDEX idx_user_onboarding_provider ON public.user_onboarding
            (primary_provider, account_aggregation_enabled)""",
    ),
}
DOWNGRADES = {
    "009": (
        """ALTER TABLE public.user_onboarding DROP COLUMN IF EXISTS onboarding_version,
            DROP COLUMN IF EXISTS primary_provider,
            DROP COLUMN IF EXISTS account_aggregation_enabled,
            DROP COLUMN IF EXISTS plaid_link_completed,
            DROP COLUMN IF EXISTS aggregation_onboarded_at""",
    ),
    "001": ("DROP TABLE IF EXISTS public.user_investment_accounts CASCADE",),
}
