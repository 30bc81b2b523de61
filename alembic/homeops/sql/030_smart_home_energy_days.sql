-- What devices used a day and what it cost, one row a device, direction and day; written by the service
CREATE TABLE smart_home.energy_days (
    device_id UUID NOT NULL,  -- Meter or plug; the row goes with it
    direction TEXT NOT NULL,  -- As in energy_readings
    used_on DATE NOT NULL,  -- Day in the household's time zone
    carrier TEXT NOT NULL,  -- As in energy_readings
    quantity NUMERIC(14, 4) NOT NULL,  -- Kilowatt-hours or cubic metres in all
    cost NUMERIC(15, 2),  -- Money for it without the standing charge, what was sold is negative; NULL: no tariff was known
    currency TEXT,  -- ISO 4217 code of cost
    reading_count INTEGER NOT NULL,  -- How many readings it is made of
    estimated_count INTEGER NOT NULL DEFAULT 0,  -- How many of them were filled in
    computed_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When it was computed
    CONSTRAINT energy_days_pkey PRIMARY KEY (device_id, direction, used_on),
    CONSTRAINT energy_days_direction_check
        CHECK (direction IN ('import', 'export', 'production')),
    CONSTRAINT energy_days_carrier_check
        CHECK (carrier IN ('electricity', 'gas', 'water', 'heat')),
    CONSTRAINT energy_days_quantity_check CHECK (quantity >= 0 AND quantity <> 'NaN'),
    CONSTRAINT energy_days_cost_check CHECK (cost <> 'NaN'),
    CONSTRAINT energy_days_currency_check CHECK ((cost IS NULL) = (currency IS NULL)),
    CONSTRAINT energy_days_counts_check
        CHECK (reading_count > 0 AND estimated_count BETWEEN 0 AND reading_count)
);

CREATE INDEX idx_energy_days_day ON smart_home.energy_days (used_on, carrier);

CREATE POLICY "Members see energy days" ON smart_home.energy_days
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));
