INSERT INTO public.user_feature_flags (
    id, user_id, flag_name, enabled, reason, set_by, expires_at
)
SELECT
    md5('flag ' || n || '-' || k)::uuid,
    id,
    'flag-' || (n + k) % 12,
    k % 2 = 0,
    'rollout',
    'system',
    CASE WHEN k = 1 THEN '2030-01-01'::timestamptz END
FROM bench.users, generate_series(1, flags) AS k
ORDER BY k, n;
