-- An order changes while it is pending, one line after the other, and takes what is on sale,
-- at its price, from somebody else: who bought may review. Once it is paid, creators have
-- earned by its lines. Whoever settles it holds its row, so that no line comes in
-- meanwhile. The owner of the table may: seeds and imports write sales that are long past.
CREATE OR REPLACE FUNCTION private.open_order()
RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
    named uuid;
    found record;
BEGIN
    IF pg_has_role(current_user, (
        SELECT c.relowner FROM pg_catalog.pg_class AS c WHERE c.oid = TG_RELID
    ), 'USAGE') THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    FOREACH named IN ARRAY array_remove(
        ARRAY[
            CASE WHEN TG_OP <> 'INSERT' THEN OLD.order_id END,
            CASE WHEN TG_OP <> 'DELETE' THEN NEW.order_id END
        ],
        NULL
    ) LOOP
        SELECT o.status, o.currency, o.buyer_id INTO found FROM marketplace.orders AS o
        WHERE o.id = named FOR NO KEY UPDATE;
        IF found.status <> 'pending' THEN
            RAISE EXCEPTION 'order % is %, and its lines stay as they are', named, found.status
                USING ERRCODE = 'check_violation', CONSTRAINT = 'order_lines_open';
        END IF;
    END LOOP;
    IF TG_OP <> 'DELETE' AND NOT EXISTS (
        SELECT FROM marketplace.listings AS s
        JOIN marketplace.creators AS c ON c.id = s.creator_id AND c.status = 'active'
        WHERE s.id = NEW.listing_id AND s.status = 'published'
            AND s.currency = found.currency AND s.price = NEW.unit_price
            AND (c.user_id = found.buyer_id) IS NOT TRUE
    ) THEN
        RAISE EXCEPTION 'offer % is not on sale for % % to %', NEW.listing_id, NEW.unit_price,
            found.currency, found.buyer_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_lines_on_sale';
    END IF;
    RETURN coalesce(NEW, OLD);
END
$function$
