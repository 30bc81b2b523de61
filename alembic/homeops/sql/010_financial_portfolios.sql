-- Accounts that somebody looks at as one, one row a portfolio
CREATE TABLE financial.portfolios (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    user_id UUID NOT NULL,  -- Owner, core.users.id; the row goes when the user goes
    name TEXT NOT NULL,  -- Name shown to the owner, once for each
    currency TEXT NOT NULL DEFAULT 'USD',  -- ISO 4217 code that it is valued in
    benchmark_symbol TEXT,  -- What it is compared with, as in price_quotes; NULL: nothing
    is_archived BOOLEAN NOT NULL DEFAULT false,  -- Whether it is no longer valued
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT portfolios_pkey PRIMARY KEY (id),
    CONSTRAINT portfolios_user_name_key UNIQUE (user_id, name),
    CONSTRAINT portfolios_name_check CHECK (length(name) > 0),
    CONSTRAINT portfolios_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT portfolios_benchmark_check CHECK (length(benchmark_symbol) > 0)
);

CREATE POLICY "Users manage their portfolios" ON financial.portfolios
    FOR ALL TO authenticated
    USING ((SELECT auth.uid()) = user_id)
    WITH CHECK ((SELECT auth.uid()) = user_id);

CREATE TRIGGER touch_portfolios BEFORE UPDATE ON financial.portfolios
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
