-- Fires the alerts whose condition holds at the latest price; returns how many. Several
-- may run at once: an alert that another one has in hand is passed over.
CREATE OR REPLACE FUNCTION financial.fire_trading_alerts(moment timestamptz DEFAULT now())
RETURNS bigint LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
    fired_now bigint;
BEGIN
    UPDATE financial.trading_alerts AS a SET status = 'expired'
    WHERE a.id = ANY (ARRAY(
        SELECT e.id FROM financial.trading_alerts AS e
        WHERE e.status = 'active' AND e.expires_at <= moment
        FOR NO KEY UPDATE SKIP LOCKED
    ));

    WITH due AS (
        SELECT a.id, a.condition, a.threshold, q.quoted_at, q.price
        FROM financial.trading_alerts AS a
        CROSS JOIN LATERAL (
            SELECT p.quoted_at, p.price FROM financial.price_quotes AS p
            WHERE p.symbol = a.symbol AND p.currency = a.currency
                -- A price from before a week-end still counts, one of last month does not.
                AND p.quoted_at BETWEEN moment - interval '4 days' AND moment
            ORDER BY p.quoted_at DESC LIMIT 1
        ) AS q
        WHERE a.status = 'active' AND (a.expires_at > moment) IS NOT FALSE
            AND (
                a.last_fired_at IS NULL
                -- Not the sum of both: people write the time, and at the end of all time
                -- it would fail for everybody.
                OR a.last_fired_at <= moment - make_interval(secs => a.cooldown_s)
            )
            AND CASE a.condition
                WHEN 'price_above' THEN q.price >= a.threshold
                WHEN 'price_below' THEN q.price <= a.threshold
                WHEN 'rise_percent' THEN
                    q.price >= a.reference_price * (1 + a.threshold / 100)
                WHEN 'fall_percent' THEN
                    q.price <= a.reference_price * (1 - a.threshold / 100)
            END
        FOR NO KEY UPDATE OF a SKIP LOCKED
    ), said AS (
        -- The same price does not fire the same alert twice.
        INSERT INTO financial.trading_alert_events
            (alert_id, fired_at, quoted_at, price, condition, threshold)
        SELECT due.id, moment, due.quoted_at, due.price, due.condition, due.threshold
        FROM due
        ON CONFLICT (alert_id, quoted_at) DO NOTHING
        RETURNING alert_id
    )
    UPDATE financial.trading_alerts AS a
    SET last_fired_at = moment,
        status = CASE WHEN a.is_recurring THEN a.status ELSE 'triggered' END
    FROM said WHERE a.id = said.alert_id;
    GET DIAGNOSTICS fired_now = ROW_COUNT;
    RETURN fired_now;
END
$function$
