-- Makes a payout for each active creator, of what was earned before a moment and is not in
-- a payout, where it comes to the creator's minimum and the account is in use. Returns how
-- many. An earning is in one payout at most, whoever else runs this at the same time.
CREATE OR REPLACE FUNCTION marketplace.make_payouts(before timestamptz)
RETURNS bigint LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
    made bigint;
BEGIN
    -- Locked one after the other: the second of two runs waits, and passes over what the
    -- first one has paid meanwhile.
    WITH unpaid AS MATERIALIZED (
        SELECT e.id, e.creator_id, e.currency, e.amount, m.account_id, m.minimum_amount
        FROM marketplace.earnings AS e
        JOIN marketplace.payout_methods AS m ON m.creator_id = e.creator_id
        JOIN marketplace.creators AS c ON c.id = e.creator_id AND c.status = 'active'
        JOIN financial.accounts AS a ON a.id = m.account_id AND a.currency = e.currency
            AND a.is_active
        WHERE e.payout_id IS NULL AND e.earned_at < before
        ORDER BY e.id FOR NO KEY UPDATE OF e
    ),
    due AS (
        SELECT gen_random_uuid() AS id, u.creator_id, u.currency, u.account_id,
            sum(u.amount) AS amount, array_agg(u.id) AS earnings
        FROM unpaid AS u
        GROUP BY u.creator_id, u.currency, u.account_id, u.minimum_amount
        HAVING sum(u.amount) >= u.minimum_amount
    ),
    paid AS (
        INSERT INTO marketplace.payouts (id, creator_id, currency, amount, account_id, until)
        SELECT d.id, d.creator_id, d.currency, d.amount, d.account_id, before FROM due AS d
        RETURNING id
    ),
    booked AS (
        UPDATE marketplace.earnings AS e SET payout_id = d.id
        FROM due AS d WHERE e.id = ANY (d.earnings)
    )
    SELECT count(*) INTO made FROM paid;
    RETURN made;
END
$function$
