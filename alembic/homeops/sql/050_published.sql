-- What a request shows for the first time is new now, and never again: the shop's window
-- and the front page go by this time.
CREATE OR REPLACE FUNCTION private.published()
RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
    before CONSTANT timestamptz := CASE WHEN TG_OP = 'UPDATE' THEN OLD.published_at END;
BEGIN
    NEW.published_at = coalesce(
        before, CASE WHEN NEW.status IN ('published', 'visible') THEN now() END
    );
    RETURN NEW;
END
$function$
