-- Which share of a portfolio each class of assets shall have, one row a class
CREATE TABLE financial.portfolio_targets (
    portfolio_id UUID NOT NULL,  -- Portfolio; the row goes with it
    asset_type TEXT NOT NULL,  -- As in positions; crypto for all coins
    target_share NUMERIC(7, 6) NOT NULL,  -- Share wanted, from 0 to 1
    tolerance NUMERIC(7, 6) NOT NULL DEFAULT 0.05,  -- How far it may be off before the owner is told
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT portfolio_targets_pkey PRIMARY KEY (portfolio_id, asset_type),
    CONSTRAINT fk_portfolio_targets_portfolio FOREIGN KEY (portfolio_id)
        REFERENCES financial.portfolios (id) ON DELETE CASCADE,
    CONSTRAINT portfolio_targets_asset_type_check CHECK (
        asset_type IN (
            'stock', 'etf', 'mutual_fund', 'bond', 'option', 'cash', 'crypto',
            'other'
        )
    ),
    CONSTRAINT portfolio_targets_share_check CHECK (target_share BETWEEN 0 AND 1),
    CONSTRAINT portfolio_targets_tolerance_check CHECK (tolerance BETWEEN 0 AND 1)
);

CREATE POLICY "Users manage their targets" ON financial.portfolio_targets
    FOR ALL TO authenticated
    USING (portfolio_id = ANY (ARRAY(SELECT p.id FROM financial.portfolios AS p WHERE p.user_id = (SELECT auth.uid()))))
    WITH CHECK (portfolio_id = ANY (ARRAY(SELECT p.id FROM financial.portfolios AS p WHERE p.user_id = (SELECT auth.uid()))));

CREATE TRIGGER touch_portfolio_targets BEFORE UPDATE ON financial.portfolio_targets
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
