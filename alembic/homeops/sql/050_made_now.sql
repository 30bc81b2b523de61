-- What a request puts in was made now, whatever it says: lists and queues go by the time.
CREATE OR REPLACE FUNCTION private.made_now()
RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $function$
BEGIN
    NEW.created_at = now();
    NEW.updated_at = now();
    RETURN NEW;
END
$function$
