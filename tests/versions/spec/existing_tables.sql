-- Core authentication (Supabase managed)
auth.users
auth.sessions

-- Current onboarding table  
public.user_onboarding (
    id UUID PRIMARY KEY,
    user_id UUID REFERENCES auth.users(id),
    onboarding_data JSONB,
    status TEXT,
    alpaca_account_id TEXT,
    alpaca_account_number TEXT,
    alpaca_account_status TEXT,
    created_at TIMESTAMPTZ,
    updated_at TIMESTAMPTZ
);

-- Bank connections (Plaid for ACH funding only)
public.user_bank_connections (
    id UUID PRIMARY KEY,
    user_id UUID REFERENCES auth.users(id),
    alpaca_account_id TEXT,
    relationship_id TEXT,
    bank_name TEXT,
    bank_account_type TEXT,
    last_4 TEXT,
    created_at TIMESTAMPTZ,
    updated_at TIMESTAMPTZ
);

-- ACH transfers
public.user_transfers (
    id UUID PRIMARY KEY,
    user_id UUID REFERENCES auth.users(id),
    alpaca_account_id TEXT,
    relationship_id TEXT,
    transfer_id TEXT,
    amount DECIMAL(15, 2),
    status TEXT,
    created_at TIMESTAMPTZ,
    updated_at TIMESTAMPTZ
);

-- User personalization
public.user_personalization (
    id UUID PRIMARY KEY,
    user_id UUID,
    first_name TEXT,
    investment_goals TEXT[],
    risk_tolerance TEXT,
    investment_timeline TEXT,
    experience_level TEXT,
    monthly_investment_goal INTEGER,
    market_interests TEXT[],
    created_at TIMESTAMPTZ,
    updated_at TIMESTAMPTZ
);
