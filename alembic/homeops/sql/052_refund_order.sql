-- Takes back, from each creator, what was earned by an order, and puts the goods back into
-- stock; later payouts are less by it. Returns what goes back. Repeated, it takes no more.
CREATE OR REPLACE FUNCTION marketplace.refund_order(refunded uuid)
RETURNS numeric LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
    state text;
BEGIN
    SELECT o.status INTO state FROM marketplace.orders AS o
    WHERE o.id = refunded FOR UPDATE;
    IF state IS NULL OR state NOT IN ('paid', 'refunded') THEN
        RAISE EXCEPTION 'order % is %, and cannot be refunded', refunded,
            coalesce(state, 'not there');
    END IF;
    IF state = 'paid' THEN
        INSERT INTO marketplace.earnings (line_id, creator_id, kind, currency, amount)
        SELECT e.line_id, e.creator_id, 'refund', e.currency, -e.amount
        FROM marketplace.earnings AS e
        JOIN marketplace.order_lines AS l ON l.id = e.line_id
        WHERE l.order_id = refunded AND e.kind = 'sale';
        PERFORM FROM marketplace.listings AS s
        WHERE s.id IN (
            SELECT l.listing_id FROM marketplace.order_lines AS l
            WHERE l.order_id = refunded
        )
        ORDER BY s.id FOR NO KEY UPDATE;
        UPDATE marketplace.listings AS s SET stock = s.stock + l.quantity
        FROM marketplace.order_lines AS l
        WHERE l.order_id = refunded AND s.id = l.listing_id AND s.stock IS NOT NULL;
        UPDATE marketplace.orders AS o SET status = 'refunded', refunded_at = now()
        WHERE o.id = refunded;
    END IF;
    RETURN (
        SELECT coalesce(-sum(e.amount), 0) FROM marketplace.earnings AS e
        JOIN marketplace.order_lines AS l ON l.id = e.line_id
        WHERE l.order_id = refunded AND e.kind = 'refund'
    );
END
$function$
