-- The shares of an offer are 100 % in all, or there are none. SECURITY DEFINER: at the end
-- of the transaction the sum counts, not what of it the request may see.
CREATE OR REPLACE FUNCTION private.shares_add_up()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $function$
DECLARE
    offer uuid;
    shared bigint;
BEGIN
    FOREACH offer IN ARRAY array_remove(
        ARRAY[
            CASE WHEN TG_OP <> 'DELETE' THEN NEW.listing_id END,
            CASE WHEN TG_OP <> 'INSERT' THEN OLD.listing_id END
        ],
        NULL
    ) LOOP
        -- One after the other: two transactions could each be right, and both wrong.
        PERFORM FROM marketplace.listings AS l WHERE l.id = offer FOR NO KEY UPDATE;
        SELECT sum(s.share_bp) INTO shared
        FROM marketplace.revenue_shares AS s WHERE s.listing_id = offer;
        IF shared <> 10000 THEN
            RAISE EXCEPTION 'the shares of offer % are % of 10000', offer, shared
                USING ERRCODE = 'check_violation', CONSTRAINT = 'revenue_shares_add_up',
                HINT = 'Change all shares of an offer in one transaction.';
        END IF;
    END LOOP;
    RETURN NULL;
END
$function$
