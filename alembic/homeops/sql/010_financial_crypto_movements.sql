-- Coins that came into wallets or left them, one row a movement; tax is counted from these
CREATE TABLE financial.crypto_movements (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    wallet_id UUID NOT NULL,  -- Wallet; the row goes with it
    asset_id UUID NOT NULL,  -- Coin; cannot go while there are movements of it
    kind TEXT NOT NULL,  -- buy, sell, transfer_in, transfer_out, reward or fee
    quantity NUMERIC(38, 18) NOT NULL,  -- Coins; what leaves the wallet is negative
    value NUMERIC(15, 2),  -- What they were worth then in all, never negative, in the account's currency
    occurred_at TIMESTAMPTZ NOT NULL,  -- When it was booked or in a block
    tx_hash TEXT,  -- Transaction on the chain, or the exchange's id of the trade
    tx_index INTEGER NOT NULL DEFAULT 0,  -- Number of the movement within the transaction
    note TEXT,  -- What the owner wanted to remember
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT crypto_movements_pkey PRIMARY KEY (id),
    CONSTRAINT crypto_movements_tx_key UNIQUE (wallet_id, tx_hash, tx_index),
    CONSTRAINT fk_crypto_movements_wallet FOREIGN KEY (wallet_id)
        REFERENCES financial.crypto_wallets (id) ON DELETE CASCADE,
    CONSTRAINT fk_crypto_movements_asset FOREIGN KEY (asset_id)
        REFERENCES financial.crypto_assets (id),
    CONSTRAINT crypto_movements_kind_check
        CHECK (kind IN ('buy', 'sell', 'transfer_in', 'transfer_out', 'reward', 'fee')),
    CONSTRAINT crypto_movements_quantity_check CHECK (
        quantity <> 'NaN'
        AND sign(quantity) = CASE WHEN kind IN ('buy', 'transfer_in', 'reward') THEN 1 ELSE -1 END
    ),
    CONSTRAINT crypto_movements_value_check CHECK (value >= 0 AND value <> 'NaN'),
    CONSTRAINT crypto_movements_value_known_check
        CHECK (value IS NOT NULL OR kind NOT IN ('buy', 'sell')),
    CONSTRAINT crypto_movements_tx_index_check CHECK (tx_index >= 0)
);

CREATE INDEX idx_crypto_movements_wallet_time
    ON financial.crypto_movements (wallet_id, occurred_at DESC);

CREATE INDEX idx_crypto_movements_asset
    ON financial.crypto_movements (asset_id, occurred_at);

CREATE POLICY "Users manage their coin movements" ON financial.crypto_movements
    FOR ALL TO authenticated
    USING (wallet_id = ANY (ARRAY(SELECT w.id FROM financial.crypto_wallets AS w)))
    WITH CHECK (wallet_id = ANY (ARRAY(SELECT w.id FROM financial.crypto_wallets AS w))
        AND asset_id IN (SELECT c.id FROM financial.crypto_assets AS c));

CREATE TRIGGER touch_crypto_movements BEFORE UPDATE ON financial.crypto_movements
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
