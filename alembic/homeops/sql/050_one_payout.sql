-- What is in a payout stays in it: money that was sent cannot be sent by another one too.
CREATE OR REPLACE FUNCTION private.one_payout()
RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $function$
BEGIN
    RAISE EXCEPTION 'earning % is in payout % already', OLD.id, OLD.payout_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'earnings_one_payout',
        HINT = 'A payout that failed is sent again; its earnings stay in it.';
END
$function$
