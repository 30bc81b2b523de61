-- One month of everybody's transactions, 2021 to 2025. chance is a number below 100.
INSERT INTO public.user_investment_transactions (
    id, user_id, account_id, provider_transaction_id, provider, symbol, security_name,
    security_type, transaction_type, transaction_date, settlement_date, quantity, price,
    amount, fees, description, category, raw_transaction_data, created_at
)
SELECT
    md5('transaction ' || n || '-' || j)::uuid,
    id,
    md5('account ' || n || '-' || j % accounts)::uuid,
    'tx-' || n || '-' || j,
    CASE WHEN j % accounts = 0 THEN 'alpaca' ELSE 'plaid' END,
    symbol,
    'Security ' || symbol,
    CASE WHEN symbol IS NOT NULL THEN 'equity' END,
    kind,
    day,
    day + 2,
    1 + chance,
    10 + chance,
    (CASE WHEN kind IN ('buy', 'fee', 'withdrawal') THEN -1 ELSE 1 END) * (1 + chance) * 10,
    chance % 3,
    initcap(kind) || ' of ' || coalesce(symbol, 'cash'),
    kind,
    jsonb_build_object(
        'investment_transaction_id', 'tx-' || n || '-' || j, 'type', kind,
        'date', day, 'amount', (1 + chance) * 10, 'iso_currency_code', 'USD'
    ),
    day + time '22:00'
FROM (
    SELECT
        u.*, j, chance, kind,
        CASE
            WHEN kind IN ('buy', 'sell', 'dividend')
                THEN 'S' || (n * 7 + (chance * 31 + j) % holdings) % 500
        END AS symbol,
        '2021-01-01'::date + (j * 1826 / transactions)::int AS day
    FROM bench.users AS u
    CROSS JOIN LATERAL generate_series(
        transactions::bigint * :month / :months,
        transactions::bigint * (:month + 1) / :months - 1
    ) AS j
    CROSS JOIN LATERAL (
        SELECT abs(hashint8(n * 1000003::bigint + j)::bigint) % 100 AS chance
    ) AS c
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN chance < 45 THEN 'buy'
            WHEN chance < 65 THEN 'sell'
            WHEN chance < 80 THEN 'dividend'
            WHEN chance < 88 THEN 'deposit'
            WHEN chance < 93 THEN 'interest'
            WHEN chance < 97 THEN 'withdrawal'
            ELSE 'fee'
        END AS kind
    ) AS k
) AS t;
