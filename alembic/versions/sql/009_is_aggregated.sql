-- The user's own row says it; while parked values are being restored, they do.
CREATE OR REPLACE FUNCTION migrations.is_aggregated(onboarding_id uuid)
RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = '' AS $function$
BEGIN
    IF (
        SELECT account_aggregation_enabled FROM public.user_onboarding
        WHERE id = onboarding_id
    ) THEN
        RETURN true;
    END IF;
    IF to_regclass('parked.user_onboarding__009') IS NULL THEN
        RETURN false;
    END IF;
    RETURN coalesce((
        SELECT account_aggregation_enabled FROM parked.user_onboarding__009
        WHERE id = onboarding_id
    ), false);
END
$function$
