-- Writes down what portfolios are worth at the end of a day, from what their accounts
-- hold now; returns how many. Repeated, it values the same day again. An account in a
-- currency without a rate of that day or the week before counts nothing, and the
-- valuation is not final.
CREATE OR REPLACE FUNCTION financial.value_portfolios(day date)
RETURNS bigint LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
    valued bigint;
    day_end CONSTANT timestamptz := (day + 1)::timestamp AT TIME ZONE 'UTC';
BEGIN
    -- One after the other, so that the last one counts what the others may have missed.
    PERFORM pg_advisory_xact_lock(
        'pg_class'::regclass::oid::integer, 'financial.portfolio_valuations'::regclass::oid::integer
    );
    INSERT INTO financial.portfolio_valuations AS v (
        portfolio_id, valued_on, market_value, cash_value, cost_basis, net_flow,
        benchmark_price, is_final
    )
    SELECT p.id, day,
        coalesce(sum(round(rate.price * part.value, 2)), 0),
        coalesce(sum(round(rate.price * part.cash, 2)), 0),
        coalesce(sum(round(rate.price * part.cost, 2)), 0),
        coalesce(sum(round(rate.price * part.flow, 2)), 0),
        (
            SELECT b.price FROM financial.price_quotes AS b
            WHERE b.symbol = p.benchmark_symbol AND b.currency = p.currency
                AND b.quoted_at < day_end AND b.quoted_at >= day_end - interval '8 days'
            ORDER BY b.quoted_at DESC LIMIT 1
        ),
        coalesce(bool_and(rate.price IS NOT NULL AND part.is_priced), true)
    FROM financial.portfolios AS p
    LEFT JOIN financial.portfolio_accounts AS pa ON pa.portfolio_id = p.id
    LEFT JOIN financial.accounts AS a ON a.id = pa.account_id
    LEFT JOIN LATERAL (
        SELECT 1::numeric AS price WHERE a.currency = p.currency
        UNION ALL
        (
            SELECT f.price FROM financial.price_quotes AS f
            WHERE f.symbol = a.currency AND f.currency = p.currency
                AND a.currency <> p.currency
                AND f.quoted_at < day_end AND f.quoted_at >= day_end - interval '8 days'
            ORDER BY f.quoted_at DESC LIMIT 1
        )
    ) AS rate ON true
    LEFT JOIN LATERAL (
        SELECT coalesce(sum(h.value), 0) AS value, coalesce(sum(h.cash), 0) AS cash,
            coalesce(sum(h.cost), 0) AS cost, coalesce(bool_and(h.is_priced), true) AS is_priced,
            (
                SELECT coalesce(sum(t.amount::numeric), 0)
                FROM financial.transactions AS t
                WHERE t.account_id = a.id AND t.transaction_date = day
                    AND t.category = 'transfer' AND NOT t.is_pending
            ) AS flow
        FROM (
            SELECT s.market_value AS value,
                CASE WHEN s.asset_type = 'cash' THEN s.market_value END AS cash,
                coalesce(s.cost_basis, s.market_value) AS cost,
                s.market_value IS NOT NULL AS is_priced
            FROM financial.positions AS s WHERE s.account_id = a.id
            UNION ALL
            SELECT c.market_value, NULL, coalesce(c.cost_basis, c.market_value),
                c.market_value IS NOT NULL
            FROM financial.crypto_positions AS c
            JOIN financial.crypto_wallets AS w ON w.id = c.wallet_id
            WHERE w.account_id = a.id
            UNION ALL
            -- On the other kinds of account the balance is the money in it.
            SELECT a.balance, a.balance, a.balance, true
            WHERE a.account_type IN ('checking', 'savings', 'cash')
        ) AS h
    ) AS part ON a.id IS NOT NULL
    WHERE NOT p.is_archived
    GROUP BY p.id
    ON CONFLICT (portfolio_id, valued_on) DO UPDATE
    SET market_value = EXCLUDED.market_value, cash_value = EXCLUDED.cash_value,
        cost_basis = EXCLUDED.cost_basis, net_flow = EXCLUDED.net_flow,
        benchmark_price = EXCLUDED.benchmark_price, is_final = EXCLUDED.is_final;
    GET DIAGNOSTICS valued = ROW_COUNT;
    RETURN valued;
END
$function$
