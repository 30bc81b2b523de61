-- What an order is made of, one row an offer in an order; written by the service
CREATE TABLE marketplace.order_lines (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    order_id UUID NOT NULL,  -- Order; the row goes with it
    listing_id UUID NOT NULL,  -- What was bought; cannot go once it was
    quantity INTEGER NOT NULL DEFAULT 1,  -- How many
    unit_price NUMERIC(15, 2) NOT NULL,  -- Price of one at that time, in the order's currency
    amount NUMERIC(15, 2) NOT NULL,  -- Price of all of them
    fee NUMERIC(15, 2) NOT NULL DEFAULT 0,  -- What the platform keeps of it; the creators share the rest
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    CONSTRAINT order_lines_pkey PRIMARY KEY (id),
    CONSTRAINT order_lines_order_listing_key UNIQUE (order_id, listing_id),
    CONSTRAINT fk_order_lines_order FOREIGN KEY (order_id)
        REFERENCES marketplace.orders (id) ON DELETE CASCADE,
    CONSTRAINT fk_order_lines_listing FOREIGN KEY (listing_id)
        REFERENCES marketplace.listings (id),
    CONSTRAINT order_lines_quantity_check CHECK (quantity > 0),
    CONSTRAINT order_lines_price_check CHECK (unit_price >= 0 AND unit_price <> 'NaN'),
    CONSTRAINT order_lines_amount_check CHECK (amount = unit_price * quantity),
    CONSTRAINT order_lines_fee_check CHECK (fee BETWEEN 0 AND amount)
);

CREATE INDEX idx_order_lines_listing ON marketplace.order_lines (listing_id);

CREATE POLICY "Buyers see what they ordered" ON marketplace.order_lines
    FOR SELECT TO authenticated
    USING (order_id = ANY (ARRAY(SELECT o.id FROM marketplace.orders AS o WHERE o.buyer_id = (SELECT auth.uid()))));

CREATE TRIGGER order_lines_open BEFORE INSERT OR UPDATE OR DELETE ON marketplace.order_lines
    FOR EACH ROW EXECUTE FUNCTION private.open_order();
