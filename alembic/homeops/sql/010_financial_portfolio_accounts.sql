-- Which accounts count to which portfolio, one row an account of a portfolio
CREATE TABLE financial.portfolio_accounts (
    portfolio_id UUID NOT NULL,  -- Portfolio; the row goes with it
    account_id UUID NOT NULL,  -- Account; the row goes with it
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    CONSTRAINT portfolio_accounts_pkey PRIMARY KEY (portfolio_id, account_id),
    CONSTRAINT fk_portfolio_accounts_portfolio FOREIGN KEY (portfolio_id)
        REFERENCES financial.portfolios (id) ON DELETE CASCADE
);

CREATE INDEX idx_portfolio_accounts_account ON financial.portfolio_accounts (account_id);

CREATE POLICY "Users manage their portfolio accounts" ON financial.portfolio_accounts
    FOR ALL TO authenticated
    USING (portfolio_id = ANY (ARRAY(SELECT p.id FROM financial.portfolios AS p WHERE p.user_id = (SELECT auth.uid()))))
    WITH CHECK (portfolio_id = ANY (ARRAY(SELECT p.id FROM financial.portfolios AS p WHERE p.user_id = (SELECT auth.uid())))
        AND account_id IN (SELECT a.id FROM financial.accounts AS a));
