-- Where a creator's money goes, one row a creator
CREATE TABLE marketplace.payout_methods (
    creator_id UUID NOT NULL,  -- Creator; the row goes with it
    account_id UUID NOT NULL,  -- Account that payouts are booked on; the row goes with it
    minimum_amount NUMERIC(15, 2) NOT NULL DEFAULT 10,  -- Least sum that is paid out, in the account's currency
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT payout_methods_pkey PRIMARY KEY (creator_id),
    CONSTRAINT fk_payout_methods_creator FOREIGN KEY (creator_id)
        REFERENCES marketplace.creators (id) ON DELETE CASCADE,
    CONSTRAINT payout_methods_minimum_check
        CHECK (minimum_amount > 0 AND minimum_amount <> 'NaN')
);

CREATE INDEX idx_payout_methods_account ON marketplace.payout_methods (account_id);

CREATE POLICY "Creators manage their payout method" ON marketplace.payout_methods
    FOR ALL TO authenticated
    USING (creator_id = ANY (ARRAY(SELECT c.id FROM marketplace.creators AS c WHERE c.user_id = (SELECT auth.uid()))))
    WITH CHECK (creator_id = ANY (ARRAY(SELECT c.id FROM marketplace.creators AS c WHERE c.user_id = (SELECT auth.uid())))
        AND account_id IN (SELECT a.id FROM financial.accounts AS a));

CREATE TRIGGER touch_payout_methods BEFORE UPDATE ON marketplace.payout_methods
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
