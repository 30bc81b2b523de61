-- When alerts fired and what was said, one row a firing; written by the service
CREATE TABLE financial.trading_alert_events (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    alert_id UUID NOT NULL,  -- Alert that fired; the row goes with it
    fired_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the condition was found to hold
    quoted_at TIMESTAMPTZ NOT NULL,  -- Time of the price that fired it
    price NUMERIC(24, 8) NOT NULL,  -- That price, in the alert's currency
    condition TEXT NOT NULL,  -- Condition as it was then: the alert may change
    threshold NUMERIC(24, 8) NOT NULL,  -- Threshold as it was then
    delivery TEXT NOT NULL DEFAULT 'pending',  -- pending, sent or failed
    attempts INTEGER NOT NULL DEFAULT 0,  -- How often sending it was tried
    delivered_at TIMESTAMPTZ,  -- When it was sent; NULL if it was not
    acknowledged_at TIMESTAMPTZ,  -- When the owner had seen it; NULL if not yet
    CONSTRAINT trading_alert_events_pkey PRIMARY KEY (id),
    CONSTRAINT trading_alert_events_quote_key UNIQUE (alert_id, quoted_at),
    CONSTRAINT fk_trading_alert_events_alert FOREIGN KEY (alert_id)
        REFERENCES financial.trading_alerts (id) ON DELETE CASCADE,
    CONSTRAINT trading_alert_events_price_check CHECK (price >= 0 AND price <> 'NaN'),
    CONSTRAINT trading_alert_events_condition_check
        CHECK (condition IN ('price_above', 'price_below', 'rise_percent', 'fall_percent')),
    CONSTRAINT trading_alert_events_threshold_check
        CHECK (threshold > 0 AND threshold <> 'NaN'),
    CONSTRAINT trading_alert_events_delivery_check
        CHECK (delivery IN ('pending', 'sent', 'failed')),
    CONSTRAINT trading_alert_events_delivered_check
        CHECK ((delivery = 'sent') = (delivered_at IS NOT NULL)),
    CONSTRAINT trading_alert_events_attempts_check CHECK (attempts >= 0)
);

CREATE INDEX idx_trading_alert_events_alert_fired
    ON financial.trading_alert_events (alert_id, fired_at DESC);

-- The queue of the sender.
CREATE INDEX idx_trading_alert_events_to_send
    ON financial.trading_alert_events (fired_at) WHERE delivery = 'pending';

CREATE POLICY "Users see their alert events" ON financial.trading_alert_events
    FOR SELECT TO authenticated
    USING (alert_id = ANY (ARRAY(SELECT a.id FROM financial.trading_alerts AS a WHERE a.user_id = (SELECT auth.uid()))));

CREATE POLICY "Users mark their alert events" ON financial.trading_alert_events
    FOR UPDATE TO authenticated
    USING (alert_id = ANY (ARRAY(SELECT a.id FROM financial.trading_alerts AS a WHERE a.user_id = (SELECT auth.uid()))))
    WITH CHECK (alert_id = ANY (ARRAY(SELECT a.id FROM financial.trading_alerts AS a WHERE a.user_id = (SELECT auth.uid()))));
