-- Brings one account up to date with its row of user_onboarding: only what the old
-- application owns (ids, status, activity), never what the new one does (name, primary).
CREATE OR REPLACE FUNCTION migrations.sync_account(onboarding_id uuid)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $function$
BEGIN
    IF migrations.is_aggregated(onboarding_id) THEN
        RETURN;
    END IF;
    -- The account is locked first, so that the statement after it sees what others have
    -- committed. The backfill may be carrying the row just now as it was before: then it
    -- is waited for, and found the second time.
    PERFORM FROM public.user_investment_accounts AS a
    WHERE a.id = onboarding_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM migrations.carry_accounts(ARRAY[onboarding_id], false);
        PERFORM FROM public.user_investment_accounts AS a
        WHERE a.id = onboarding_id FOR NO KEY UPDATE;
    END IF;
    UPDATE public.user_investment_accounts AS a
    SET provider_account_id = o.provider_account_id,
        sync_status = o.sync_status,
        is_active = o.is_active
    FROM migrations.onboarding_accounts AS o
    WHERE o.id = onboarding_id AND a.id = o.id AND a.user_id = o.user_id
        AND a.provider = 'alpaca' AND o.provider_account_id IS NOT NULL
        AND (a.provider_account_id, a.sync_status, a.is_active)
            IS DISTINCT FROM (o.provider_account_id, o.sync_status, o.is_active);
    DELETE FROM migrations.backfill_rejects AS r
    WHERE r.revision = '005' AND r.source_table = 'public.user_onboarding'
        AND r.source_id IN (onboarding_id::text, format('{%s}', onboarding_id))
        AND EXISTS (
            SELECT FROM public.user_investment_accounts AS a WHERE a.id = onboarding_id
        );
END
$function$
