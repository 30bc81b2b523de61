-- What devices measured, one row a value; written by the hub, never changed
CREATE TABLE smart_home.device_readings (
    device_id UUID NOT NULL,  -- Device that measured it; the row goes with it
    metric TEXT NOT NULL,  -- What was measured, with its unit: temperature_c, power_w
    recorded_at TIMESTAMPTZ NOT NULL,  -- When it was measured
    value DOUBLE PRECISION NOT NULL,  -- The value, in the unit that metric names
    CONSTRAINT device_readings_pkey PRIMARY KEY (device_id, metric, recorded_at),
    CONSTRAINT fk_device_readings_device FOREIGN KEY (device_id)
        REFERENCES smart_home.devices (id) ON DELETE CASCADE,
    CONSTRAINT device_readings_metric_check CHECK (metric ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT device_readings_value_check
        CHECK (value NOT IN ('NaN', 'Infinity', '-Infinity'))
);

-- Readings come in order of time: a few pages of index for millions of rows.
CREATE INDEX idx_device_readings_recorded
    ON smart_home.device_readings USING brin (recorded_at);

CREATE POLICY "Members see readings" ON smart_home.device_readings
    FOR SELECT TO authenticated USING ((SELECT private.is_member()));
