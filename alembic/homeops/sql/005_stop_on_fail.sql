DO $validate$
DECLARE
    failures text;
BEGIN
    SELECT string_agg(check_name || ': ' || details, '; ' ORDER BY check_name)
    INTO failures FROM core.validate_data_integrity() WHERE status = 'FAIL';
    IF failures IS NOT NULL THEN
        RAISE EXCEPTION 'the data are not valid' USING DETAIL = failures,
            HINT = 'SELECT * FROM core.validate_data_integrity() once it is mended.';
    END IF;
END
$validate$
