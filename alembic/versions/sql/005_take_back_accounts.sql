-- Removes accounts that the backfill wrote and nobody has touched since, ids first_id to
-- last_id; the next upgrade rebuilds them identically. What was touched, or has
-- transactions, stays.
CREATE OR REPLACE FUNCTION migrations.take_back_accounts(first_id uuid, last_id uuid)
RETURNS void LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
    untouched uuid[];
BEGIN
    SELECT array_agg(locked.id) INTO untouched
    FROM (
        SELECT a.id
        FROM public.user_investment_accounts AS a
        JOIN migrations.onboarding_accounts AS o ON o.id = a.id
        WHERE a.id BETWEEN first_id AND last_id
            AND o.created_at IS NOT NULL AND o.updated_at IS NOT NULL
            AND a.user_id = o.user_id AND a.provider = 'alpaca'
            AND a.provider_account_id = o.provider_account_id
            AND a.institution_name = 'Alpaca Securities'
            AND a.account_name = 'Alpaca Brokerage Account'
            AND a.account_type = 'brokerage' AND a.is_active = o.is_active
            AND a.sync_status = o.sync_status AND a.last_synced = o.updated_at
            AND a.created_at = o.created_at AND a.updated_at = o.updated_at
            AND a.sync_enabled AND a.raw_account_data = '{}'
            AND a.provider_item_id IS NULL AND a.institution_id IS NULL
            AND a.account_subtype IS NULL AND a.access_token_encrypted IS NULL
            AND a.sync_error_message IS NULL
        FOR UPDATE OF a SKIP LOCKED
    ) AS locked;

    -- A statement of its own: with the rows locked, nobody can book on them any more, and
    -- its snapshot sees what was booked until then.
    DELETE FROM public.user_investment_accounts AS a
    WHERE a.id = ANY (untouched)
        AND NOT EXISTS (
            SELECT FROM public.user_investment_transactions AS t
            WHERE t.user_id = a.user_id AND t.account_id = a.id
        );
END
$function$
