-- Offers that the request's person has ordered. SECURITY DEFINER: the policy of offers calls
-- it, and lines of orders refer to offers.
CREATE OR REPLACE FUNCTION private.bought_listings()
RETURNS uuid[] LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $function$
BEGIN
    RETURN ARRAY(
        SELECT l.listing_id FROM marketplace.order_lines AS l
        JOIN marketplace.orders AS o ON o.id = l.order_id
        WHERE o.buyer_id = auth.uid()
    );
END
$function$
