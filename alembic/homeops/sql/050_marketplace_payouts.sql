-- Money sent to creators, one row a transfer; written by the service
CREATE TABLE marketplace.payouts (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    creator_id UUID NOT NULL,  -- Who gets it; cannot go
    currency TEXT NOT NULL,  -- ISO 4217 code of the amount
    amount NUMERIC(15, 2) NOT NULL,  -- Sum of the earnings that it pays
    status TEXT NOT NULL DEFAULT 'pending',  -- pending, sent or failed
    account_id UUID,  -- Account that it was booked on; NULL once that has gone
    until TIMESTAMPTZ NOT NULL,  -- Earnings before this moment are in it
    sent_at TIMESTAMPTZ,  -- When it was sent; NULL: not yet
    failure TEXT,  -- Why it could not be sent
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT payouts_pkey PRIMARY KEY (id),
    CONSTRAINT payouts_creator_currency_key UNIQUE (id, creator_id, currency),
    CONSTRAINT fk_payouts_creator FOREIGN KEY (creator_id)
        REFERENCES marketplace.creators (id),
    CONSTRAINT payouts_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT payouts_amount_check CHECK (amount > 0 AND amount <> 'NaN'),
    CONSTRAINT payouts_status_check CHECK (status IN ('pending', 'sent', 'failed')),
    CONSTRAINT payouts_sent_check CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
    CONSTRAINT payouts_failure_check CHECK ((status = 'failed') = (failure IS NOT NULL))
);

CREATE INDEX idx_payouts_creator_created ON marketplace.payouts (creator_id, created_at DESC);

CREATE INDEX idx_payouts_account ON marketplace.payouts (account_id);

CREATE INDEX idx_payouts_to_send ON marketplace.payouts (created_at) WHERE status = 'pending';

CREATE POLICY "Creators see their payouts" ON marketplace.payouts FOR SELECT TO authenticated
    USING (creator_id = ANY (ARRAY(SELECT c.id FROM marketplace.creators AS c WHERE c.user_id = (SELECT auth.uid()))));

CREATE TRIGGER payouts_amount_stays BEFORE UPDATE ON marketplace.payouts
    FOR EACH ROW EXECUTE FUNCTION private.only_changes(
        'status', 'account_id', 'sent_at', 'failure', 'updated_at'
    );

CREATE TRIGGER touch_payouts BEFORE UPDATE ON marketplace.payouts
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
