INSERT INTO public.user_aggregated_holdings (
    id, user_id, symbol, security_name, security_type, total_quantity,
    total_market_value, total_cost_basis, average_cost_basis, unrealized_gain_loss,
    account_contributions, institution_breakdown, account_count, last_updated
)
SELECT
    md5('holding ' || n || '-' || k)::uuid,
    id,
    'S' || (n * 7 + k) % 500,
    'Security ' || (n * 7 + k) % 500,
    'equity',
    CASE WHEN k % 25 = 24 THEN 0 ELSE 1 + k % 50 END,
    CASE WHEN k % 25 = 24 THEN 0 ELSE 10 + abs(hashint8(n * 1000 + k)::bigint) % 900000 / 10.0 END,
    100 + k,
    10,
    k,
    jsonb_build_array(jsonb_build_object(
        'account_id', md5('account ' || n || '-' || k % accounts), 'quantity', 1 + k % 50
    )),
    jsonb_build_object('Institution ' || (n + k) % 40, jsonb_build_object('quantity', k)),
    1 + k % accounts,
    '2025-12-31'::timestamptz - (n % 1000) * interval '1 minute'
FROM bench.users, generate_series(0, holdings - 1) AS k
ORDER BY k, n;
