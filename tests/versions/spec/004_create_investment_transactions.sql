-- File: migrations/004_create_investment_transactions.sql
-- Purpose: Store investment transactions across all providers

CREATE TABLE public.user_investment_transactions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL REFERENCES auth.users(id) ON DELETE CASCADE,
    account_id UUID NOT NULL REFERENCES public.user_investment_accounts(id) ON DELETE CASCADE,
    
    -- Transaction identification
    provider_transaction_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    
    -- Security details
    symbol TEXT,
    security_id TEXT,
    security_name TEXT,
    security_type TEXT,
    
    -- Transaction details
    transaction_type TEXT NOT NULL CHECK (transaction_type IN (
        'buy', 'sell', 'dividend', 'interest', 'fee', 'tax', 
        'transfer_in', 'transfer_out', 'deposit', 'withdrawal',
        'split', 'merger', 'spinoff', 'other'
    )),
    transaction_date DATE NOT NULL,
    settlement_date DATE,
    
    -- Financial details
    quantity DECIMAL(20, 8) DEFAULT 0,
    price DECIMAL(20, 8) DEFAULT 0,
    amount DECIMAL(20, 2) NOT NULL, -- Negative for outflows, positive for inflows
    fees DECIMAL(20, 2) DEFAULT 0,
    currency_code TEXT DEFAULT 'USD',
    
    -- Context
    description TEXT,
    category TEXT, -- Provider-specific category
    subcategory TEXT,
    
    -- Metadata
    raw_transaction_data JSONB DEFAULT '{}',
    created_at TIMESTAMPTZ DEFAULT now(),
    
    -- Constraints
    UNIQUE(account_id, provider_transaction_id),
    CHECK (price >= 0),
    CHECK (fees >= 0)
);

-- Create indexes
CREATE INDEX idx_investment_transactions_user_id ON public.user_investment_transactions(user_id);
CREATE INDEX idx_investment_transactions_account ON public.user_investment_transactions(account_id, transaction_date DESC);
CREATE INDEX idx_investment_transactions_symbol ON public.user_investment_transactions(symbol, transaction_date DESC) WHERE symbol IS NOT NULL;
CREATE INDEX idx_investment_transactions_type_date ON public.user_investment_transactions(transaction_type, transaction_date DESC);
CREATE INDEX idx_investment_transactions_date ON public.user_investment_transactions(transaction_date DESC);

-- Row Level Security
ALTER TABLE public.user_investment_transactions ENABLE ROW LEVEL SECURITY;

CREATE POLICY "Users can view their investment transactions" ON public.user_investment_transactions
    FOR ALL
    USING (auth.uid() = user_id);
