-- What somebody bought at one time, one row a purchase; written by the service
CREATE TABLE marketplace.orders (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    buyer_id UUID,  -- Who bought, core.users.id; NULL once the person has gone: others earned by it
    status TEXT NOT NULL DEFAULT 'pending',  -- pending, paid, cancelled or refunded
    currency TEXT NOT NULL DEFAULT 'USD',  -- ISO 4217 code of all its amounts
    total NUMERIC(15, 2) NOT NULL,  -- Sum of its lines
    payment_reference TEXT,  -- The payment service's id of the payment
    placed_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When it was ordered
    paid_at TIMESTAMPTZ,  -- When it was paid; NULL: not, or not yet
    refunded_at TIMESTAMPTZ,  -- When the money went back; NULL: it did not
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT orders_pkey PRIMARY KEY (id),
    CONSTRAINT orders_payment_key UNIQUE (payment_reference),
    CONSTRAINT orders_status_check CHECK (status IN ('pending', 'paid', 'cancelled', 'refunded')),
    CONSTRAINT orders_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT orders_total_check CHECK (total >= 0 AND total <> 'NaN'),
    CONSTRAINT orders_paid_check CHECK ((status IN ('paid', 'refunded')) = (paid_at IS NOT NULL)),
    CONSTRAINT orders_refunded_check CHECK ((status = 'refunded') = (refunded_at IS NOT NULL))
);

CREATE INDEX idx_orders_buyer_placed ON marketplace.orders (buyer_id, placed_at DESC);

CREATE POLICY "Buyers see their orders" ON marketplace.orders FOR SELECT TO authenticated
    USING ((SELECT auth.uid()) = buyer_id);

-- What was paid stays: others have earned by it.
CREATE TRIGGER orders_paid_stays BEFORE UPDATE ON marketplace.orders
    FOR EACH ROW WHEN (OLD.status <> 'pending')
    EXECUTE FUNCTION private.only_changes(
        'status', 'payment_reference', 'refunded_at', 'updated_at'
    );

-- From paid there is one way: refunded. From there, and from cancelled, there is none.
CREATE TRIGGER orders_no_way_back BEFORE UPDATE ON marketplace.orders
    FOR EACH ROW WHEN (OLD.status <> 'pending' AND NEW.status <> OLD.status
        AND (OLD.status <> 'paid' OR NEW.status <> 'refunded'))
    EXECUTE FUNCTION private.only_changes('paid_at', 'refunded_at', 'updated_at');

CREATE TRIGGER touch_orders BEFORE UPDATE ON marketplace.orders
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
