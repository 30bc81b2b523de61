-- What was booked on accounts, one row a booking
CREATE TABLE financial.transactions (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    account_id UUID NOT NULL,  -- Account that it is booked on; the row goes with it
    transaction_date DATE NOT NULL,  -- Day of the booking
    amount DOUBLE PRECISION NOT NULL,  -- In the account's currency; what leaves the account is negative
    description TEXT,  -- Text of the booking
    merchant_name TEXT,  -- Who was paid, or who paid
    category TEXT,  -- What it was for, as the household sorts it
    external_id TEXT,  -- Booking id at the institution
    is_pending BOOLEAN NOT NULL DEFAULT false,  -- Whether the institution may still change it
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT transactions_pkey PRIMARY KEY (id),
    CONSTRAINT transactions_external_id_key UNIQUE (account_id, external_id),
    CONSTRAINT fk_transactions_account FOREIGN KEY (account_id)
        REFERENCES financial.accounts (id) ON DELETE CASCADE,
    -- Refuses infinity, from which no day is counted.
    CONSTRAINT transactions_date_check CHECK (isfinite(transaction_date)),
    -- Refuses NaN, which sorts above all numbers, and what NUMERIC(15, 2) cannot hold.
    CONSTRAINT transactions_amount_check
        CHECK (amount BETWEEN -9999999999999.99 AND 9999999999999.99)
);

CREATE INDEX idx_transactions_account_date
    ON financial.transactions (account_id, transaction_date DESC);

-- The accounts are looked up once a query, and their bookings by the index.
CREATE POLICY "Users manage their transactions" ON financial.transactions
    FOR ALL TO authenticated
    USING (account_id = ANY (ARRAY(
        SELECT a.id FROM financial.accounts AS a WHERE a.user_id = (SELECT auth.uid())
    )))
    WITH CHECK (account_id = ANY (ARRAY(
        SELECT a.id FROM financial.accounts AS a WHERE a.user_id = (SELECT auth.uid())
    )));

CREATE TRIGGER touch_transactions BEFORE UPDATE ON financial.transactions
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
