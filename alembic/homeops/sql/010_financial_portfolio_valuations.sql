-- What portfolios were worth at the end of each day, one row a day; written by the service
CREATE TABLE financial.portfolio_valuations (
    portfolio_id UUID NOT NULL,  -- Portfolio; the row goes with it
    valued_on DATE NOT NULL,  -- Day at whose end it was worth this
    market_value NUMERIC(38, 2) NOT NULL,  -- Worth of everything in it, cash included
    cash_value NUMERIC(38, 2) NOT NULL DEFAULT 0,  -- Part of it that is cash
    cost_basis NUMERIC(38, 2) NOT NULL,  -- What was paid for what is in it
    net_flow NUMERIC(38, 2) NOT NULL DEFAULT 0,  -- Paid in less taken out by the owner on that day
    benchmark_price NUMERIC(24, 8),  -- Price of the benchmark that day; NULL: none
    is_final BOOLEAN NOT NULL DEFAULT true,  -- Whether all prices of the day were there
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT portfolio_valuations_pkey PRIMARY KEY (portfolio_id, valued_on),
    CONSTRAINT fk_portfolio_valuations_portfolio FOREIGN KEY (portfolio_id)
        REFERENCES financial.portfolios (id) ON DELETE CASCADE,
    CONSTRAINT portfolio_valuations_numbers_check
        CHECK ('NaN'::numeric NOT IN (market_value, cash_value, cost_basis, net_flow)),
    CONSTRAINT portfolio_valuations_benchmark_check
        CHECK (benchmark_price > 0 AND benchmark_price <> 'NaN')
);

-- The nightly job looks for days to value again, over all portfolios.
CREATE INDEX idx_portfolio_valuations_unfinished
    ON financial.portfolio_valuations (valued_on) WHERE NOT is_final;

CREATE POLICY "Users see their valuations" ON financial.portfolio_valuations
    FOR SELECT TO authenticated
    USING (portfolio_id = ANY (ARRAY(SELECT p.id FROM financial.portfolios AS p WHERE p.user_id = (SELECT auth.uid()))));

CREATE TRIGGER touch_portfolio_valuations BEFORE UPDATE ON financial.portfolio_valuations
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
