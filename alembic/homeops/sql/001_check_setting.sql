-- Refuses a value that who reads the setting could not use: the nightly jobs cast them, and
-- one bad value would stop everybody's. The keys of later releases are here too. A key that
-- is not is the application's own, and holds what it likes.
CREATE OR REPLACE FUNCTION private.check_setting()
RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
    holds CONSTANT text := jsonb_typeof(NEW.value);
    said CONSTANT text := NEW.value #>> '{}';
    expected text;
    fits boolean;
BEGIN
    IF NEW.key = 'system.timezone' THEN
        expected := 'a time zone of pg_timezone_names, as "Europe/Vienna"';
        fits := holds = 'string' AND EXISTS (
            SELECT FROM pg_catalog.pg_timezone_names AS z WHERE z.name = said
        );
    ELSIF NEW.key = 'financial.base_currency' THEN
        expected := 'the ISO 4217 code of a currency, as "EUR"';
        fits := holds = 'string' AND said ~ '^[A-Z]{3}$';
    ELSIF NEW.key = 'ai.enabled' THEN
        expected := 'true or false';
        fits := holds = 'boolean';
    ELSE
        -- Compared as JSON, which fails for no value: numbers of any size among them.
        SELECT format('a %s from %s to %s', n.kind, n.least, n.greatest),
            holds = 'number' AND NEW.value BETWEEN to_jsonb(n.least) AND to_jsonb(n.greatest)
            AND (n.kind = 'number' OR said ~ '^[0-9]+$')
        INTO expected, fits
        FROM (VALUES
            ('financial.sync_interval_s', 'whole number', 1, 2147483647),
            ('media.scan_interval_s', 'whole number', 1, 2147483647),
            ('smart_home.reading_retention_days', 'whole number', 1, 36500),
            ('smart_home.learning_days', 'whole number', 1, 3660),
            ('smart_home.learning_min_days', 'whole number', 1, 3660),
            ('smart_home.learning_confidence', 'number', 0, 1),
            ('security.session_timeout_s', 'whole number', 1, 2147483647),
            ('security.max_sign_in_attempts', 'whole number', 1, 2147483647),
            ('marketplace.fee_bp', 'whole number', 0, 10000),
            ('marketplace.reports_to_hide', 'whole number', 1, 2147483647)
        ) AS n (key, kind, least, greatest)
        WHERE n.key = NEW.key;
    END IF;
    IF NOT fits THEN
        RAISE EXCEPTION 'setting % cannot be %: expected is %', NEW.key,
            left(NEW.value::text, 100), expected
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME,
            HINT = 'The setting stays as it was.';
    END IF;
    RETURN NEW;
END
$function$
