-- What a sync brings: ten new transactions each of fifty users, here and there.
INSERT INTO public.user_investment_transactions (
    user_id, account_id, provider_transaction_id, provider, symbol, security_name,
    security_type, transaction_type, transaction_date, quantity, price, amount, fees,
    description, category, raw_transaction_data
)
SELECT
    u.id,
    md5('account ' || u.n || '-' || k %% accounts)::uuid,
    'new-' || %(batch)s || '-' || place || '-' || k,
    'plaid',
    'S' || (u.n * 7 + k) %% 500,
    'Security ' || (u.n * 7 + k) %% 500,
    'equity',
    (ARRAY['buy', 'sell', 'dividend'])[1 + k %% 3],
    '2026-01-01'::date + %(batch)s %% 28,
    k,
    10 + k,
    10 * k,
    0,
    'Bought of S' || (u.n * 7 + k) %% 500,
    'buy',
    jsonb_build_object('investment_transaction_id', 'new-' || %(batch)s || '-' || k,
        'type', 'buy', 'date', '2026-01-01', 'amount', 10 * k,
        'iso_currency_code', 'USD')
FROM generate_series(1, 50) AS place
JOIN bench.users AS u ON u.n = 1 + (
    abs(hashint8(%(batch)s * 1000 + place)::bigint)
    %% (SELECT reltuples::bigint FROM pg_class WHERE oid = 'bench.users'::regclass)
)
CROSS JOIN generate_series(1, 10) AS k
