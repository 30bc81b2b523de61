-- Coins that wallets hold now, one row a coin of a wallet
CREATE TABLE financial.crypto_positions (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    wallet_id UUID NOT NULL,  -- Wallet that holds it; the row goes with it
    asset_id UUID NOT NULL,  -- Coin; cannot go while it is held
    quantity NUMERIC(38, 18) NOT NULL,  -- Coins held, those staked included
    staked_quantity NUMERIC(38, 18) NOT NULL DEFAULT 0,  -- Coins of these that are staked, and cannot be sold at once
    cost_basis NUMERIC(15, 2),  -- What they cost in all, in the account's currency
    market_value NUMERIC(15, 2),  -- What they are worth in all, in the account's currency
    priced_at TIMESTAMPTZ,  -- When the value was true
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT crypto_positions_pkey PRIMARY KEY (id),
    CONSTRAINT crypto_positions_wallet_asset_key UNIQUE (wallet_id, asset_id),
    CONSTRAINT fk_crypto_positions_wallet FOREIGN KEY (wallet_id)
        REFERENCES financial.crypto_wallets (id) ON DELETE CASCADE,
    CONSTRAINT fk_crypto_positions_asset FOREIGN KEY (asset_id)
        REFERENCES financial.crypto_assets (id),
    CONSTRAINT crypto_positions_quantity_check CHECK (quantity >= 0 AND quantity <> 'NaN'),
    CONSTRAINT crypto_positions_staked_check CHECK (staked_quantity BETWEEN 0 AND quantity),
    CONSTRAINT crypto_positions_money_check
        CHECK ('NaN'::numeric NOT IN (coalesce(cost_basis, 0), coalesce(market_value, 0)))
);

CREATE INDEX idx_crypto_positions_asset ON financial.crypto_positions (asset_id);

CREATE POLICY "Users manage their coin positions" ON financial.crypto_positions
    FOR ALL TO authenticated
    USING (wallet_id = ANY (ARRAY(SELECT w.id FROM financial.crypto_wallets AS w)))
    WITH CHECK (wallet_id = ANY (ARRAY(SELECT w.id FROM financial.crypto_wallets AS w))
        AND asset_id IN (SELECT c.id FROM financial.crypto_assets AS c));

CREATE TRIGGER touch_crypto_positions BEFORE UPDATE ON financial.crypto_positions
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
