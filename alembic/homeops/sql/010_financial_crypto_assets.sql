-- Coins and tokens, one row a coin on a network
CREATE TABLE financial.crypto_assets (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    symbol TEXT NOT NULL,  -- Symbol, as in price_quotes; several tokens may share one
    name TEXT NOT NULL,  -- Name of the coin
    network TEXT NOT NULL,  -- Chain that it is on: bitcoin, ethereum, solana
    contract_address TEXT,  -- Contract of a token; NULL for the network's own coin
    decimals INTEGER NOT NULL,  -- Decimals of its smallest unit: 8 for a satoshi, 18 for a wei
    is_stablecoin BOOLEAN NOT NULL DEFAULT false,  -- Whether it is tied to a currency
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT crypto_assets_pkey PRIMARY KEY (id),
    CONSTRAINT crypto_assets_contract_key UNIQUE NULLS NOT DISTINCT (network, contract_address),
    CONSTRAINT crypto_assets_symbol_check CHECK (length(symbol) > 0),
    CONSTRAINT crypto_assets_name_check CHECK (length(name) > 0),
    CONSTRAINT crypto_assets_network_check CHECK (network ~ '^[a-z][a-z0-9_-]*$'),
    CONSTRAINT crypto_assets_contract_check CHECK (length(contract_address) > 0),
    CONSTRAINT crypto_assets_decimals_check CHECK (decimals BETWEEN 0 AND 18)
);

CREATE INDEX idx_crypto_assets_symbol ON financial.crypto_assets (symbol);

CREATE POLICY "Members see coins" ON financial.crypto_assets
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE TRIGGER touch_crypto_assets BEFORE UPDATE ON financial.crypto_assets
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
