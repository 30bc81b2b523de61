-- Whether the new application has taken a user over; the old one's statuses no longer
-- count then. Before revision 009 only values that its downgrade parked can say so.
CREATE OR REPLACE FUNCTION migrations.is_aggregated(onboarding_id uuid)
RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = '' AS $function$
BEGIN
    IF to_regclass('parked.user_onboarding__009') IS NULL THEN
        RETURN false;
    END IF;
    RETURN coalesce((
        SELECT account_aggregation_enabled FROM parked.user_onboarding__009
        WHERE id = onboarding_id
    ), false);
END
$function$
