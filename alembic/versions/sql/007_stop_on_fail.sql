DO $validate$
DECLARE
    failures text;
BEGIN
    -- Rows that were only held by somebody when the old application wrote them.
    PERFORM migrations.sync_account(r.source_id::uuid)
    FROM migrations.backfill_rejects AS r
    WHERE r.revision = '005' AND r.reason LIKE 'busy:%';

    SELECT string_agg(check_name || ': ' || details, '; ' ORDER BY check_name)
    INTO failures FROM public.validate_migration_integrity() WHERE status = 'FAIL';
    IF failures IS NOT NULL THEN
        RAISE EXCEPTION 'the migrated data is not valid' USING DETAIL = failures,
            HINT = 'SELECT * FROM migrations.backfill_rejects and the tables named show '
                'the rows.';
    END IF;
END
$validate$
