-- Where coins are kept, one row an address or a place at an exchange
CREATE TABLE financial.crypto_wallets (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    account_id UUID NOT NULL,  -- Account that it belongs to; the row goes with it
    network TEXT NOT NULL,  -- Chain that it is on, as in crypto_assets
    label TEXT NOT NULL,  -- Name shown to the owner
    custody TEXT NOT NULL,  -- exchange, software, hardware or watch_only
    address TEXT,  -- Public address; NULL at an exchange; never a key
    last_synced_at TIMESTAMPTZ,  -- When the chain or the exchange was last asked
    last_block BIGINT,  -- Height up to which the chain was read; NULL at an exchange
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT crypto_wallets_pkey PRIMARY KEY (id),
    CONSTRAINT crypto_wallets_address_key UNIQUE (account_id, network, address),
    CONSTRAINT crypto_wallets_network_check CHECK (network ~ '^[a-z][a-z0-9_-]*$'),
    CONSTRAINT crypto_wallets_label_check CHECK (length(label) > 0),
    CONSTRAINT crypto_wallets_custody_check
        CHECK (custody IN ('exchange', 'software', 'hardware', 'watch_only')),
    CONSTRAINT crypto_wallets_address_check CHECK (
        (custody = 'exchange') = (address IS NULL)
        AND length(coalesce(address, 'exchange')) BETWEEN 8
        AND 120
    ),
    CONSTRAINT crypto_wallets_block_check CHECK (last_block >= 0)
);

CREATE POLICY "Users manage their wallets" ON financial.crypto_wallets
    FOR ALL TO authenticated
    USING (account_id = ANY (ARRAY(SELECT a.id FROM financial.accounts AS a WHERE a.user_id = (SELECT auth.uid()))))
    WITH CHECK (account_id = ANY (ARRAY(SELECT a.id FROM financial.accounts AS a WHERE a.user_id = (SELECT auth.uid()))));

CREATE TRIGGER touch_crypto_wallets BEFORE UPDATE ON financial.crypto_wallets
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
