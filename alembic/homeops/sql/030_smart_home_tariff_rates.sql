-- Prices within a tariff, one row a time of day from which the price counts
CREATE TABLE smart_home.tariff_rates (
    tariff_id UUID NOT NULL,  -- Tariff; the row goes with it
    day_type TEXT NOT NULL,  -- weekday or weekend
    starts_at TIME NOT NULL DEFAULT '00:00',  -- Local time from which it counts, until the day's next one
    unit_price NUMERIC(12, 6) NOT NULL,  -- Money for one kilowatt-hour or cubic metre
    CONSTRAINT tariff_rates_pkey PRIMARY KEY (tariff_id, day_type, starts_at),
    CONSTRAINT fk_tariff_rates_tariff FOREIGN KEY (tariff_id)
        REFERENCES smart_home.tariffs (id) ON DELETE CASCADE,
    CONSTRAINT tariff_rates_day_type_check CHECK (day_type IN ('weekday', 'weekend')),
    CONSTRAINT tariff_rates_unit_price_check CHECK (unit_price <> 'NaN')
);

CREATE POLICY "Members see rates" ON smart_home.tariff_rates
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE POLICY "Admins add rates" ON smart_home.tariff_rates
    FOR INSERT TO authenticated
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins change rates" ON smart_home.tariff_rates
    FOR UPDATE TO authenticated
    USING ((SELECT private.is_admin()))
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins remove rates" ON smart_home.tariff_rates
    FOR DELETE TO authenticated
    USING ((SELECT private.is_admin()));
