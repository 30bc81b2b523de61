-- What investment accounts hold now, one row a security of an account
CREATE TABLE financial.positions (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    account_id UUID NOT NULL,  -- Account that holds it; the row goes with it
    symbol TEXT NOT NULL,  -- Ticker or other symbol
    name TEXT,  -- Name of the security
    asset_type TEXT NOT NULL DEFAULT 'stock',  -- stock, etf, mutual_fund, bond, option, cash or other
    quantity NUMERIC(20, 8) NOT NULL,  -- Units held; negative if sold short
    cost_basis NUMERIC(15, 2),  -- What the units cost in all, in the account's currency
    market_value NUMERIC(15, 2),  -- What they are worth in all, in the account's currency
    priced_at TIMESTAMPTZ,  -- When the value was true
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT positions_pkey PRIMARY KEY (id),
    CONSTRAINT positions_account_symbol_key UNIQUE (account_id, symbol),
    CONSTRAINT fk_positions_account FOREIGN KEY (account_id)
        REFERENCES financial.accounts (id) ON DELETE CASCADE,
    CONSTRAINT positions_symbol_check CHECK (length(symbol) > 0),
    CONSTRAINT positions_asset_type_check CHECK (
        asset_type IN ('stock', 'etf', 'mutual_fund', 'bond', 'option', 'cash', 'other')
    ),
    CONSTRAINT positions_numbers_check
        CHECK ('NaN'::numeric NOT IN (quantity, coalesce(cost_basis, 0), coalesce(market_value, 0)))
);

CREATE POLICY "Users manage their positions" ON financial.positions
    FOR ALL TO authenticated
    USING (account_id = ANY (ARRAY(
        SELECT a.id FROM financial.accounts AS a WHERE a.user_id = (SELECT auth.uid())
    )))
    WITH CHECK (account_id = ANY (ARRAY(
        SELECT a.id FROM financial.accounts AS a WHERE a.user_id = (SELECT auth.uid())
    )));

CREATE TRIGGER touch_positions BEFORE UPDATE ON financial.positions
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
