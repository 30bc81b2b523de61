-- Until when somebody else pays for what breaks, one row a warranty of a device
CREATE TABLE smart_home.device_warranties (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    device_id UUID NOT NULL,  -- Device; the row goes with it
    provider TEXT NOT NULL,  -- Who gives it: the maker, a shop, an insurer
    starts_on DATE NOT NULL,  -- First day
    ends_on DATE NOT NULL,  -- Last day
    purchase_price NUMERIC(15, 2),  -- What the device cost
    currency TEXT NOT NULL DEFAULT 'USD',  -- ISO 4217 code of purchase_price
    reference TEXT,  -- Number of the contract or the receipt
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT device_warranties_pkey PRIMARY KEY (id),
    CONSTRAINT device_warranties_provider_key UNIQUE (device_id, provider, starts_on),
    CONSTRAINT device_warranties_provider_check CHECK (length(provider) > 0),
    CONSTRAINT device_warranties_dates_check CHECK (ends_on >= starts_on),
    CONSTRAINT device_warranties_price_check
        CHECK (purchase_price >= 0 AND purchase_price <> 'NaN'),
    CONSTRAINT device_warranties_currency_check CHECK (currency ~ '^[A-Z]{3}$')
);

CREATE INDEX idx_device_warranties_ends ON smart_home.device_warranties (ends_on);

CREATE POLICY "Members see warranties" ON smart_home.device_warranties
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE POLICY "Admins add warranties" ON smart_home.device_warranties
    FOR INSERT TO authenticated
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins change warranties" ON smart_home.device_warranties
    FOR UPDATE TO authenticated
    USING ((SELECT private.is_admin()))
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins remove warranties" ON smart_home.device_warranties
    FOR DELETE TO authenticated
    USING ((SELECT private.is_admin()));

CREATE TRIGGER touch_device_warranties BEFORE UPDATE ON smart_home.device_warranties
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
