-- Whether the request comes from somebody of this household. SECURITY DEFINER: policies
-- of core.users call it, and would call each other without an end.
CREATE OR REPLACE FUNCTION private.is_member()
RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $function$
BEGIN
    RETURN EXISTS (
        SELECT FROM core.users AS u WHERE u.id = auth.uid() AND u.is_active
    );
END
$function$
