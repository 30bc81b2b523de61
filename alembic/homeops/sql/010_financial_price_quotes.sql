-- Prices of securities and coins over time, one row a quote; written by the service, never changed
CREATE TABLE financial.price_quotes (
    symbol TEXT NOT NULL,  -- Ticker or symbol of a coin, as in positions and crypto_assets
    currency TEXT NOT NULL,  -- ISO 4217 code of the price
    quoted_at TIMESTAMPTZ NOT NULL,  -- When the price was true
    price NUMERIC(24, 8) NOT NULL,  -- Price of one unit
    volume NUMERIC(24, 8),  -- Units traded in the 24 hours before; NULL if not known
    source TEXT NOT NULL,  -- Where it came from: feed or exchange
    CONSTRAINT price_quotes_pkey PRIMARY KEY (symbol, currency, quoted_at),
    CONSTRAINT price_quotes_symbol_check CHECK (length(symbol) > 0),
    CONSTRAINT price_quotes_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT price_quotes_price_check CHECK (price >= 0 AND price <> 'NaN'),
    CONSTRAINT price_quotes_volume_check CHECK (volume >= 0 AND volume <> 'NaN'),
    CONSTRAINT price_quotes_source_check CHECK (length(source) > 0)
);

-- Quotes come in order of time: what is older than a day is cut off by this one.
CREATE INDEX idx_price_quotes_quoted ON financial.price_quotes USING brin (quoted_at);

CREATE POLICY "Members see prices" ON financial.price_quotes
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));
