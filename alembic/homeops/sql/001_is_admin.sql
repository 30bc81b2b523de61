-- Whether the request comes from one of the household's administrators.
CREATE OR REPLACE FUNCTION private.is_admin()
RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $function$
BEGIN
    RETURN EXISTS (
        SELECT FROM core.users AS u
        WHERE u.id = auth.uid() AND u.is_active AND u.role = 'admin'
    );
END
$function$
