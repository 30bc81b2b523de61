-- The newest are of 2025-12-31; one in thirty is a monthly one beside the daily.
INSERT INTO public.user_portfolio_snapshots (
    id, user_id, snapshot_date, snapshot_type, total_value, total_cost_basis,
    account_count, provider_breakdown, top_holdings, sector_allocation
)
SELECT
    md5('snapshot ' || n || '-' || k)::uuid,
    id,
    '2025-12-31'::date - k,
    CASE WHEN k % 30 = 29 THEN 'monthly' ELSE 'daily' END,
    1000 + abs(hashint8(n * 5000 + k)::bigint) % 1000000 / 10.0,
    1000,
    accounts,
    jsonb_build_object('plaid', jsonb_build_object('accounts', accounts, 'value', k)),
    jsonb_build_array(jsonb_build_object('symbol', 'S' || n % 500, 'value', k)),
    jsonb_build_object('Technology', k % 100, 'Energy', 100 - k % 100)
FROM bench.users, generate_series(0, snapshots - 1) AS k
ORDER BY k DESC, n;
