-- Prices and moves that people want to hear of, one row an alert
CREATE TABLE financial.trading_alerts (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    user_id UUID NOT NULL,  -- Whose alert it is, core.users.id; the row goes when the user goes
    account_id UUID,  -- Account that it was set for; NULL if for none; the row goes with it
    symbol TEXT NOT NULL,  -- What is watched, as in price_quotes
    currency TEXT NOT NULL DEFAULT 'USD',  -- ISO 4217 code of the prices that it is compared with
    condition TEXT NOT NULL,  -- price_above, price_below, rise_percent or fall_percent
    threshold NUMERIC(24, 8) NOT NULL,  -- Price of one unit, or percent of reference_price
    reference_price NUMERIC(24, 8),  -- Price that percent is counted from; NULL for the others
    status TEXT NOT NULL DEFAULT 'active',  -- active, paused, triggered (has said it once) or expired
    is_recurring BOOLEAN NOT NULL DEFAULT false,  -- Whether it stays active after it has fired
    cooldown_s INTEGER NOT NULL DEFAULT 86400,  -- Seconds for which a recurring one keeps still after it has fired
    channels TEXT[] NOT NULL DEFAULT '{push}',  -- How to say it: push, email, sms
    note TEXT,  -- What the owner wanted to remember
    expires_at TIMESTAMPTZ,  -- When it stops; NULL: never
    last_fired_at TIMESTAMPTZ,  -- When it last fired; NULL: never
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT trading_alerts_pkey PRIMARY KEY (id),
    CONSTRAINT trading_alerts_symbol_check CHECK (length(symbol) > 0),
    CONSTRAINT trading_alerts_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT trading_alerts_condition_check
        CHECK (condition IN ('price_above', 'price_below', 'rise_percent', 'fall_percent')),
    CONSTRAINT trading_alerts_threshold_check CHECK (threshold > 0 AND threshold <> 'NaN'),
    CONSTRAINT trading_alerts_reference_price_check
        CHECK ((condition IN ('rise_percent', 'fall_percent')) = (reference_price IS NOT NULL)),
    CONSTRAINT trading_alerts_reference_price_positive_check
        CHECK (reference_price > 0 AND reference_price <> 'NaN'),
    CONSTRAINT trading_alerts_fall_check
        CHECK (condition <> 'fall_percent' OR threshold <= 100),
    CONSTRAINT trading_alerts_status_check
        CHECK (status IN ('active', 'paused', 'triggered', 'expired')),
    CONSTRAINT trading_alerts_cooldown_check CHECK (cooldown_s BETWEEN 0 AND 31536000),
    CONSTRAINT trading_alerts_channels_check
        CHECK (cardinality(channels) > 0 AND channels <@ '{push,email,sms}')
);

CREATE INDEX idx_trading_alerts_user_status ON financial.trading_alerts (user_id, status);

CREATE INDEX idx_trading_alerts_account ON financial.trading_alerts (account_id);

-- What is asked with every new price: who waits for this symbol.
CREATE INDEX idx_trading_alerts_watched
    ON financial.trading_alerts (symbol, currency) WHERE status = 'active';

CREATE POLICY "Users manage their trading alerts" ON financial.trading_alerts
    FOR ALL TO authenticated
    USING ((SELECT auth.uid()) = user_id)
    WITH CHECK ((SELECT auth.uid()) = user_id
        AND (account_id IS NULL OR account_id IN (SELECT a.id FROM financial.accounts AS a)));

CREATE TRIGGER touch_trading_alerts BEFORE UPDATE ON financial.trading_alerts
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
