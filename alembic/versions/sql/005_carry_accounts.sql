-- Carries the rows of user_onboarding with these ids over. Repeatable.
-- planned: the backfill, which has worked out siblings beforehand; otherwise one row, for
-- the trigger.
CREATE OR REPLACE FUNCTION migrations.carry_accounts(
    ids uuid[], planned boolean
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
-- The table grows under plans and statistics made when it was empty. Only look-ups by key
-- stay linear, so nothing else is left to choose from.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET jit = off AS $function$
DECLARE
    candidates bigint;
    claims bigint;
    carried bigint;
    blocked boolean := false;
BEGIN
    -- The usual case, in which nothing but the same account can be in the way: every
    -- unique key that ON CONFLICT looks at beforehand costs as much as an index.
    BEGIN
        WITH source AS MATERIALIZED (
            SELECT o.*, coalesce(s.is_primary, true) AS is_primary,
                o.user_id IS NOT NULL AND o.provider_account_id IS NOT NULL
                    AND s.is_duplicate IS NOT TRUE AS is_candidate
            FROM migrations.onboarding_accounts AS o
            LEFT JOIN migrations.onboarding_siblings AS s ON planned AND s.id = o.id
            WHERE o.id = ANY (ids)
        ), inserted AS (
            INSERT INTO public.user_investment_accounts (
                id, user_id, provider, provider_account_id, institution_name,
                account_name, account_type, is_active, is_primary, sync_status,
                last_synced, created_at, updated_at
            )
            SELECT id, user_id, 'alpaca', provider_account_id, 'Alpaca Securities',
                'Alpaca Brokerage Account', 'brokerage', is_active, is_primary, sync_status,
                updated_at, coalesce(created_at, now()), coalesce(updated_at, now())
            FROM source WHERE is_candidate
            ON CONFLICT (id) DO NOTHING
            RETURNING id
        )
        SELECT count(*) FILTER (WHERE is_candidate),
            count(*) FILTER (WHERE claims_account), (SELECT count(*) FROM inserted)
        INTO candidates, claims, carried
        FROM source;
    EXCEPTION WHEN unique_violation THEN
        blocked := true;
    END;

    -- ON CONFLICT without a target: any unique key. An account that loses to the user's
    -- other one as the primary is inserted in the second place.
    IF blocked THEN
        WITH candidate AS MATERIALIZED (
            SELECT o.*, coalesce(s.is_primary, true) AS is_primary
            FROM migrations.onboarding_accounts AS o
            LEFT JOIN migrations.onboarding_siblings AS s ON planned AND s.id = o.id
            WHERE o.id = ANY (ids)
                AND o.user_id IS NOT NULL
                AND o.provider_account_id IS NOT NULL
                AND s.is_duplicate IS NOT TRUE
        ), first_try AS (
            INSERT INTO public.user_investment_accounts (
                id, user_id, provider, provider_account_id, institution_name, account_name,
                account_type, is_active, is_primary, sync_status, last_synced, created_at,
                updated_at
            )
            SELECT id, user_id, 'alpaca', provider_account_id, 'Alpaca Securities',
                'Alpaca Brokerage Account', 'brokerage', is_active, is_primary, sync_status,
                updated_at, coalesce(created_at, now()), coalesce(updated_at, now())
            FROM candidate
            ON CONFLICT DO NOTHING
            RETURNING id
        ), second_try AS (
            INSERT INTO public.user_investment_accounts (
                id, user_id, provider, provider_account_id, institution_name, account_name,
                account_type, is_active, is_primary, sync_status, last_synced, created_at,
                updated_at
            )
            SELECT id, user_id, 'alpaca', provider_account_id, 'Alpaca Securities',
                'Alpaca Brokerage Account', 'brokerage', is_active, false, sync_status,
                updated_at, coalesce(created_at, now()), coalesce(updated_at, now())
            FROM candidate
            WHERE id NOT IN (SELECT id FROM first_try)
            ON CONFLICT DO NOTHING
            RETURNING id
        )
        SELECT (SELECT count(*) FROM candidate),
            (SELECT count(*) FROM first_try) + (SELECT count(*) FROM second_try),
            (
                SELECT count(*) FROM migrations.onboarding_accounts AS o
                WHERE o.id = ANY (ids) AND o.claims_account
            )
        INTO candidates, carried, claims;
    END IF;
    IF carried = claims THEN
        RETURN;
    END IF;

    -- Accounts that were there before, restored from parked: the old application may have
    -- gone on meanwhile. Only what is its own, only where it differs.
    IF planned AND carried < candidates THEN
        PERFORM migrations.sync_account(stale.id)
        FROM (
            SELECT o.id, o.user_id, o.provider_account_id
            FROM migrations.onboarding_accounts AS o
            JOIN public.user_investment_accounts AS a ON a.id = o.id
            WHERE o.id = ANY (ids)
                AND o.provider_account_id IS NOT NULL
                AND (a.user_id, a.provider) IS NOT DISTINCT FROM (o.user_id, 'alpaca')
                AND (a.provider_account_id, a.sync_status, a.is_active)
                    IS DISTINCT FROM (o.provider_account_id, o.sync_status, o.is_active)
            OFFSET 0  -- first all of them, then one by one
        ) AS stale
        WHERE NOT EXISTS (
            SELECT FROM public.user_investment_accounts AS other
            WHERE other.provider = 'alpaca' AND other.user_id = stale.user_id
                AND other.provider_account_id = stale.provider_account_id
                AND other.id <> stale.id
        );
    END IF;

    -- What cannot be carried is kept with its reason; personal data stays behind.
    INSERT INTO migrations.backfill_rejects AS r (
        revision, source_table, source_id, reason, row_data
    )
    SELECT '005', 'public.user_onboarding', o.id::text,
        CASE
            WHEN o.user_id IS NULL THEN 'no user'
            WHEN o.provider_account_id IS NOT NULL
                THEN 'duplicate of another account of the user'
            WHEN o.alpaca_account_id ~ '\S' OR o.alpaca_account_number ~ '\S'
                THEN 'account id too long'
            ELSE 'blank account id'
        END,
        to_jsonb(o)
    FROM migrations.onboarding_accounts AS o
    WHERE o.id = ANY (ids) AND o.claims_account
        AND NOT EXISTS (
            SELECT FROM public.user_investment_accounts AS a WHERE a.id = o.id
        )
    ON CONFLICT (revision, source_table, source_id)
        DO UPDATE SET reason = EXCLUDED.reason, row_data = EXCLUDED.row_data
        WHERE (r.reason, r.row_data) IS DISTINCT FROM (EXCLUDED.reason, EXCLUDED.row_data);
END
$function$
