-- What creators earned by a sale, and gave back by a refund, one row a share of a line; never changed but for its payout
CREATE TABLE marketplace.earnings (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    line_id UUID NOT NULL,  -- Line of an order that it comes from; cannot go
    creator_id UUID NOT NULL,  -- Who earned it; cannot go
    kind TEXT NOT NULL,  -- sale, or refund: what goes back of a sale
    currency TEXT NOT NULL,  -- ISO 4217 code of the amount
    amount NUMERIC(15, 2) NOT NULL,  -- The share; refunds are negative
    payout_id UUID,  -- Payout that it is in; NULL: not paid yet
    earned_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the order was paid or refunded
    CONSTRAINT earnings_pkey PRIMARY KEY (id),
    CONSTRAINT earnings_line_creator_kind_key UNIQUE (line_id, creator_id, kind),
    CONSTRAINT fk_earnings_line FOREIGN KEY (line_id)
        REFERENCES marketplace.order_lines (id),
    CONSTRAINT fk_earnings_creator FOREIGN KEY (creator_id)
        REFERENCES marketplace.creators (id),
    CONSTRAINT fk_earnings_payout FOREIGN KEY (payout_id, creator_id, currency)
        REFERENCES marketplace.payouts (id, creator_id, currency),
    CONSTRAINT earnings_kind_check CHECK (kind IN ('sale', 'refund')),
    CONSTRAINT earnings_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT earnings_amount_check
        CHECK (CASE kind WHEN 'sale' THEN amount >= 0 ELSE amount <= 0 END AND amount <> 'NaN')
);

CREATE INDEX idx_earnings_creator_earned ON marketplace.earnings (creator_id, earned_at DESC);

CREATE INDEX idx_earnings_payout ON marketplace.earnings (payout_id, creator_id, currency);

-- What the next payouts are made of.
CREATE INDEX idx_earnings_unpaid ON marketplace.earnings (earned_at) WHERE payout_id IS NULL;

CREATE POLICY "Creators see their earnings" ON marketplace.earnings FOR SELECT TO authenticated
    USING (creator_id = ANY (ARRAY(SELECT c.id FROM marketplace.creators AS c WHERE c.user_id = (SELECT auth.uid()))));

CREATE TRIGGER earnings_one_payout BEFORE UPDATE ON marketplace.earnings
    FOR EACH ROW WHEN (OLD.payout_id IS DISTINCT FROM NEW.payout_id AND OLD.payout_id IS NOT NULL)
    EXECUTE FUNCTION private.one_payout();

CREATE TRIGGER earnings_stay BEFORE UPDATE OR DELETE ON marketplace.earnings
    FOR EACH ROW EXECUTE FUNCTION private.only_changes('payout_id');
