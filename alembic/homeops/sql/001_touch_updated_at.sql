CREATE OR REPLACE FUNCTION private.touch_updated_at()
RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $function$
BEGIN
    NEW.updated_at = now();
    RETURN NEW;
END
$function$
