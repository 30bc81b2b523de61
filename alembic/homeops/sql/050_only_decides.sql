-- Who decides on somebody else's offer does not change it: neither its price, nor whose it
-- is. A policy sees the old row or the new one, never both.
CREATE OR REPLACE FUNCTION private.only_decides()
RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
    decided CONSTANT text[] := '{status,published_at,updated_at}';
BEGIN
    IF to_jsonb(NEW) - decided <> to_jsonb(OLD) - decided AND NOT EXISTS (
        SELECT FROM marketplace.creators AS c
        WHERE c.id = OLD.creator_id AND c.user_id = auth.uid()
    ) THEN
        RAISE EXCEPTION 'offer % is somebody else''s: only its status is decided here', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END
$function$
