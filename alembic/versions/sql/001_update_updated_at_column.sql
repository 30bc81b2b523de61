-- A common name: a project may have its own function of it, which old triggers use and
-- which is left as it is. One that does something else is refused.
DO $function$
DECLARE
    theirs text;
BEGIN
    IF to_regprocedure('parked.update_updated_at_column()') IS NOT NULL THEN
        ALTER FUNCTION parked.update_updated_at_column() SET SCHEMA public;
        RETURN;
    END IF;
    SELECT prosrc INTO theirs FROM pg_catalog.pg_proc
    WHERE oid = to_regprocedure('public.update_updated_at_column()');
    IF theirs IS NULL THEN
        CREATE FUNCTION public.update_updated_at_column()
        RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $body$
        BEGIN
            NEW.updated_at = now();
            RETURN NEW;
        END
        $body$;
        COMMENT ON FUNCTION public.update_updated_at_column() IS
            'Sets updated_at; made by revision 001';
        REVOKE ALL ON FUNCTION public.update_updated_at_column()
            FROM PUBLIC, anon, authenticated, service_role;
    ELSIF theirs !~* 'new\.updated_at\s*:?=\s*(pg_catalog\.)?(now\(\)|current_timestamp|timezone\()' THEN
        RAISE EXCEPTION 'public.update_updated_at_column() exists and does something else'
            USING HINT = 'Nothing was changed. Rename that function (its triggers follow '
                'it), then run the same command again.';
    END IF;
END
$function$
