-- Removes accounts that the backfill wrote and nobody has touched since, of these
-- ids; the next upgrade rebuilds them identically. What was touched, has transactions,
-- belongs to a user whom the new application has taken over, or would come back with
-- another primary or id, stays.
CREATE OR REPLACE FUNCTION migrations.take_back_accounts(ids uuid[])
RETURNS void LANGUAGE plpgsql SET search_path = ''
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET jit = off AS $function$
DECLARE
    untouched uuid[];
BEGIN
    SELECT array_agg(locked.id) INTO untouched
    FROM (
        SELECT a.id
        FROM public.user_investment_accounts AS a
        JOIN migrations.onboarding_accounts AS o ON o.id = a.id
        LEFT JOIN migrations.onboarding_siblings AS s ON s.id = o.id
        WHERE a.id = ANY (ids)
            AND o.created_at IS NOT NULL AND o.updated_at IS NOT NULL
            -- The trigger sees one row at a time, so it may have chosen otherwise.
            AND a.is_primary = coalesce(s.is_primary, true)
            AND s.is_duplicate IS NOT TRUE
            -- Rebuilding would let the old application's word count again.
            AND NOT migrations.is_aggregated(o.id)
            -- As a row, so that no index but the primary key looks useful, whatever the
            -- statistics of a table that has just been filled say.
            AND (
                a.user_id, a.provider, a.provider_account_id, a.institution_name,
                a.account_name, a.account_type, a.is_active, a.sync_status,
                a.last_synced, a.created_at, a.updated_at, a.sync_enabled,
                a.raw_account_data, a.provider_item_id, a.institution_id,
                a.account_subtype, a.access_token_encrypted, a.sync_error_message
            ) IS NOT DISTINCT FROM (
                o.user_id, 'alpaca', o.provider_account_id, 'Alpaca Securities',
                'Alpaca Brokerage Account', 'brokerage', o.is_active, o.sync_status,
                o.updated_at, o.created_at, o.updated_at, true,
                '{}'::jsonb, NULL, NULL,
                NULL, NULL, NULL
            )
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
