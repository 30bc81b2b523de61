-- One in thirty has a sync error.
INSERT INTO public.user_investment_accounts (
    id, user_id, provider, provider_account_id, provider_item_id, institution_id,
    institution_name, account_name, account_type, access_token_encrypted, last_synced,
    sync_status, sync_error_message, is_primary, raw_account_data
)
SELECT
    md5('account ' || n || '-' || k)::uuid,
    id,
    CASE WHEN k = 0 THEN 'alpaca' ELSE 'plaid' END,
    'account-' || n || '-' || k,
    'item-' || n,
    'ins_' || (n + k) % 40,
    'Institution ' || (n + k) % 40,
    'Account ' || k,
    (ARRAY['brokerage', 'ira', '401k', 'roth_ira', 'hsa'])[1 + k],
    repeat('x', 120),
    '2025-12-31'::timestamptz - (n % 1000) * interval '1 minute',
    CASE WHEN (n + k) % 30 = 0 THEN 'error' ELSE 'success' END,
    CASE WHEN (n + k) % 30 = 0 THEN 'ITEM_LOGIN_REQUIRED' END,
    k = 0,
    jsonb_build_object('mask', lpad((n % 10000)::text, 4, '0'), 'name', 'Account ' || k)
FROM bench.users, generate_series(0, accounts - 1) AS k
ORDER BY k, n;
