-- Sets what a wallet holds of each coin to the sum of its movements; returns how many coins.
-- A coin without movements stays as it was entered. To be called after movements were put
-- in: of several at once, the last one counts the movements of all.
CREATE OR REPLACE FUNCTION financial.recount_crypto_wallet(wallet uuid)
RETURNS bigint LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
    counted bigint;
BEGIN
    PERFORM FROM financial.crypto_wallets AS w WHERE w.id = wallet FOR NO KEY UPDATE;
    INSERT INTO financial.crypto_positions AS p (wallet_id, asset_id, quantity)
    SELECT m.wallet_id, m.asset_id, sum(m.quantity)
    FROM financial.crypto_movements AS m
    WHERE m.wallet_id = wallet GROUP BY m.wallet_id, m.asset_id
    ON CONFLICT (wallet_id, asset_id) DO UPDATE
    SET quantity = EXCLUDED.quantity,
        staked_quantity = least(p.staked_quantity, EXCLUDED.quantity);
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN counted;
END
$function$
