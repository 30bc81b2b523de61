-- Parked triggers still call it, so it is parked too; a project's own one stays.
DO $function$
BEGIN
    IF obj_description(to_regprocedure('public.update_updated_at_column()'), 'pg_proc')
        LIKE '%made by revision 001%'
    THEN
        ALTER FUNCTION public.update_updated_at_column() SET SCHEMA parked;
    END IF;
END
$function$
