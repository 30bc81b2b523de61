-- What each row of user_onboarding means as an investment account. Read by the backfill,
-- the trigger, the validation and the downgrade, so that they cannot disagree.
CREATE OR REPLACE VIEW migrations.onboarding_accounts WITH (security_invoker = true) AS
SELECT
    onboarding.id,
    onboarding.user_id,
    onboarding.alpaca_account_id,
    onboarding.alpaca_account_number,
    onboarding.alpaca_account_status,
    onboarding.created_at,
    onboarding.updated_at,
    -- The specification's condition for a row that has an account.
    onboarding.alpaca_account_id IS NOT NULL
        OR onboarding.alpaca_account_number IS NOT NULL AS claims_account,
    -- Blank ids count as missing; so do ids too long for the unique index (2,700 bytes).
    CASE
        WHEN onboarding.alpaca_account_id ~ '\S'
            AND octet_length(onboarding.alpaca_account_id) <= 1000
            THEN onboarding.alpaca_account_id
        WHEN onboarding.alpaca_account_number ~ '\S'
            AND octet_length(onboarding.alpaca_account_number) <= 1000
            THEN onboarding.alpaca_account_number
    END AS provider_account_id,
    derived.sync_status,
    derived.sync_status = 'success' AS is_active
FROM public.user_onboarding AS onboarding
CROSS JOIN LATERAL (
    SELECT CASE
        -- The 21 statuses of Alpaca's broker API.
        WHEN status IN ('ACTIVE', 'ACCOUNT_UPDATED') THEN 'success'
        WHEN status IN (
            'PENDING', 'SUBMITTED', 'ONBOARDING', 'RESUBMITTED', 'ACTION_REQUIRED',
            'EDITED', 'APPROVAL_PENDING', 'REAPPROVAL_PENDING', 'SIGNED_UP',
            'KYC_SUBMITTED', 'AML_REVIEW', 'APPROVED'
        ) THEN 'pending'
        WHEN status IN ('DISABLED', 'DISABLE_PENDING', 'ACCOUNT_CLOSED') THEN 'disabled'
        ELSE 'error'
    END AS sync_status
    FROM (
        SELECT upper(btrim(onboarding.alpaca_account_status, E' \t\r\n')) AS status
    ) AS trimmed
) AS derived
