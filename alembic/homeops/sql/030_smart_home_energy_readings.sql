-- What meters and plugs counted, one row an interval; written by the hub, never changed
CREATE TABLE smart_home.energy_readings (
    device_id UUID NOT NULL,  -- Meter or plug; the row goes with it
    direction TEXT NOT NULL,  -- import: used; export: fed into the grid; production: made here
    started_at TIMESTAMPTZ NOT NULL,  -- When the interval began
    interval_s INTEGER NOT NULL,  -- How long it was, in seconds: 900 for most meters
    carrier TEXT NOT NULL,  -- electricity, gas, water or heat
    quantity NUMERIC(14, 4) NOT NULL,  -- Kilowatt-hours of electricity and heat, cubic metres of gas and water
    is_estimated BOOLEAN NOT NULL DEFAULT false,  -- Whether the meter was silent and it was filled in
    CONSTRAINT energy_readings_pkey PRIMARY KEY (device_id, direction, started_at),
    CONSTRAINT energy_readings_direction_check
        CHECK (direction IN ('import', 'export', 'production')),
    CONSTRAINT energy_readings_interval_check CHECK (interval_s BETWEEN 1 AND 86400),
    CONSTRAINT energy_readings_carrier_check
        CHECK (carrier IN ('electricity', 'gas', 'water', 'heat')),
    CONSTRAINT energy_readings_quantity_check CHECK (quantity >= 0 AND quantity <> 'NaN')
);

-- Readings come in order of time: a day of all meters is cut out by this one.
CREATE INDEX idx_energy_readings_started
    ON smart_home.energy_readings USING brin (started_at);

CREATE POLICY "Members see energy readings" ON smart_home.energy_readings
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));
