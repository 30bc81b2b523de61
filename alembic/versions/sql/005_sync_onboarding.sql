-- Never fails and never slows the old write: what goes wrong is kept as a reject, and a
-- lock that is not free within 20 ms counts as wrong: at most 40 ms in all. Well below
-- deadlock_timeout, so a deadlock is never waited for either. Rejects that were only busy
-- are tried again here.
CREATE OR REPLACE FUNCTION migrations.sync_onboarding()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = '' SET lock_timeout = '20ms' AS $function$
DECLARE
    busy_id uuid;
    kept_as text;
BEGIN
    BEGIN
        PERFORM migrations.sync_account(NEW.id);
        -- Other people's rows are tried, not waited for, and what is still busy undoes
        -- nothing of this one's. Not always the same two: one may be held for long.
        PERFORM set_config('lock_timeout', '1ms', true);
        FOR busy_id IN
            SELECT found.source_id FROM (
                SELECT r.source_id::uuid FROM migrations.backfill_rejects AS r
                WHERE r.reason LIKE 'busy:%' LIMIT 50
            ) AS found
            WHERE found.source_id <> NEW.id ORDER BY random() LIMIT 2
        LOOP
            BEGIN
                PERFORM migrations.sync_account(busy_id);
            EXCEPTION WHEN OTHERS THEN
                NULL;  -- it stays a reject
            END;
        END LOOP;
    EXCEPTION WHEN OTHERS THEN
        -- Whoever settles this row's reject just now holds it until his transaction ends:
        -- then it is kept under the same id, written otherwise.
        PERFORM set_config('lock_timeout', '10ms', true);
        FOREACH kept_as IN ARRAY ARRAY[NEW.id::text, format('{%s}', NEW.id)] LOOP
            BEGIN
                INSERT INTO migrations.backfill_rejects AS r (
                    revision, source_table, source_id, reason, row_data
                ) VALUES (
                    '005', 'public.user_onboarding', kept_as,
                    CASE WHEN SQLSTATE IN ('55P03', '40P01', '40001') THEN 'busy: '
                        ELSE 'error: ' END || SQLERRM,
                    jsonb_build_object(
                        'id', NEW.id, 'user_id', NEW.user_id,
                        'alpaca_account_id', NEW.alpaca_account_id,
                        'alpaca_account_number', NEW.alpaca_account_number,
                        'alpaca_account_status', NEW.alpaca_account_status
                    )
                )
                ON CONFLICT (revision, source_table, source_id)
                    DO UPDATE SET reason = EXCLUDED.reason, row_data = EXCLUDED.row_data;
                EXIT;
            EXCEPTION WHEN OTHERS THEN
                NULL;  -- the old application's write comes first
            END;
        END LOOP;
    END;
    RETURN NULL;
END
$function$
