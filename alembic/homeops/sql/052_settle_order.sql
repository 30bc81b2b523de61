-- Books what creators earn by a paid order, to the cent: of each line, what the fee leaves
-- is cut by the shares, and the cents left over go to the largest remainders. Returns what
-- they earn in all. Repeated, it books nothing more.
CREATE OR REPLACE FUNCTION marketplace.settle_order(settled uuid)
RETURNS numeric LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
    bought record;
    lines_total numeric;
    sold_out text;
BEGIN
    SELECT * INTO bought FROM marketplace.orders AS o WHERE o.id = settled FOR UPDATE;
    IF bought.id IS NULL OR bought.status NOT IN ('pending', 'paid') THEN
        RAISE EXCEPTION 'order % is %, and cannot be settled', settled,
            coalesce(bought.status, 'not there');
    END IF;
    IF bought.status = 'pending' THEN
        SELECT sum(l.amount) INTO lines_total
        FROM marketplace.order_lines AS l WHERE l.order_id = settled;
        IF lines_total IS DISTINCT FROM bought.total THEN
            RAISE EXCEPTION 'order % is for %, and its lines for %', settled,
                bought.total, coalesce(lines_total, 0);
        END IF;
        -- In the order of their ids: two orders of the same offers do not block each other.
        PERFORM FROM marketplace.listings AS s
        WHERE s.id IN (
            SELECT l.listing_id FROM marketplace.order_lines AS l WHERE l.order_id = settled
        )
        ORDER BY s.id FOR NO KEY UPDATE;
        SELECT string_agg(s.title, ', ' ORDER BY s.title) INTO sold_out
        FROM marketplace.order_lines AS l
        JOIN marketplace.listings AS s ON s.id = l.listing_id
        WHERE l.order_id = settled AND s.stock < l.quantity;
        IF sold_out IS NOT NULL THEN
            RAISE EXCEPTION 'order % cannot be settled: too few left of %', settled, sold_out;
        END IF;
        UPDATE marketplace.listings AS s SET stock = s.stock - l.quantity
        FROM marketplace.order_lines AS l
        WHERE l.order_id = settled AND s.id = l.listing_id AND s.stock IS NOT NULL;
        INSERT INTO marketplace.earnings (line_id, creator_id, kind, currency, amount)
        SELECT p.line_id, p.creator_id, 'sale', bought.currency,
            (p.cents + (p.place <= p.net - p.given)::int) / 100.0
        FROM (
            SELECT c.line_id, c.creator_id, c.net, c.cents,
                sum(c.cents) OVER (PARTITION BY c.line_id) AS given,
                row_number() OVER (
                    PARTITION BY c.line_id ORDER BY c.remainder DESC, c.creator_id
                ) AS place
            FROM (
                SELECT l.id AS line_id, h.creator_id, n.net,
                    div(n.net * h.share_bp, 10000) AS cents,
                    mod(n.net * h.share_bp, 10000) AS remainder
                FROM marketplace.order_lines AS l
                JOIN marketplace.listings AS s ON s.id = l.listing_id
                CROSS JOIN LATERAL (SELECT (l.amount - l.fee) * 100 AS net) AS n
                CROSS JOIN LATERAL (
                    SELECT r.creator_id, r.share_bp FROM marketplace.revenue_shares AS r
                    WHERE r.listing_id = s.id
                    UNION ALL
                    SELECT s.creator_id, 10000 WHERE NOT EXISTS (
                        SELECT FROM marketplace.revenue_shares AS r
                        WHERE r.listing_id = s.id
                    )
                ) AS h
                WHERE l.order_id = settled
            ) AS c
        ) AS p;
        UPDATE marketplace.orders AS o SET status = 'paid', paid_at = now()
        WHERE o.id = settled;
    END IF;
    RETURN (
        SELECT coalesce(sum(e.amount), 0) FROM marketplace.earnings AS e
        JOIN marketplace.order_lines AS l ON l.id = e.line_id
        WHERE l.order_id = settled AND e.kind = 'sale'
    );
END
$function$
