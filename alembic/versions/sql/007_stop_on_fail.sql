DO $validate$
DECLARE
    failures text;
BEGIN
    SELECT string_agg(check_name || ': ' || details, '; ' ORDER BY check_name)
    INTO failures FROM public.validate_migration_integrity() WHERE status = 'FAIL';
    IF failures IS NOT NULL THEN
        RAISE EXCEPTION 'the migrated data is not valid' USING DETAIL = failures,
            HINT = 'SELECT * FROM migrations.backfill_rejects and the tables named show '
                'the rows.';
    END IF;
END
$validate$
