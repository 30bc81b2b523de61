-- Makes a payout for each active creator, of what was earned before a moment and is not in
-- a payout, where it comes to the creator's minimum. Returns how many. An earning is in one
-- payout at most, whoever else runs this at the same time.
CREATE OR REPLACE FUNCTION marketplace.make_payouts(before timestamptz)
RETURNS bigint LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
    made bigint;
BEGIN
    -- The second of two runs finds what the first one left.
    PERFORM FROM marketplace.payout_methods AS m ORDER BY m.creator_id FOR UPDATE;
    WITH due AS (
        SELECT gen_random_uuid() AS id, e.creator_id, e.currency,
            sum(e.amount) AS amount, m.account_id, array_agg(e.id) AS earnings
        FROM marketplace.earnings AS e
        JOIN marketplace.payout_methods AS m ON m.creator_id = e.creator_id
        JOIN marketplace.creators AS c ON c.id = e.creator_id AND c.status = 'active'
        JOIN financial.accounts AS a ON a.id = m.account_id AND a.currency = e.currency
        WHERE e.payout_id IS NULL AND e.earned_at < before
        GROUP BY e.creator_id, e.currency, m.account_id, m.minimum_amount
        HAVING sum(e.amount) >= m.minimum_amount
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
