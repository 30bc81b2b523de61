-- What was predicted for which day, and what came, one row a day of a prediction; written by the service
CREATE TABLE ai.forecast_points (
    forecast_id UUID NOT NULL,  -- Prediction; the row goes with it
    horizon INTEGER NOT NULL,  -- Steps after the day that it was made, the first is 1
    target_on DATE NOT NULL,  -- Day that it is for
    value NUMERIC(18, 4) NOT NULL,  -- What is expected, in the metric's unit
    lower_bound NUMERIC(18, 4) NOT NULL,  -- Nine times of ten it will be more
    upper_bound NUMERIC(18, 4) NOT NULL,  -- Nine times of ten it will be less
    actual NUMERIC(18, 4),  -- What came; NULL: not known yet
    actual_at TIMESTAMPTZ,  -- When that was written down
    CONSTRAINT forecast_points_pkey PRIMARY KEY (forecast_id, horizon),
    CONSTRAINT forecast_points_day_key UNIQUE (forecast_id, target_on),
    CONSTRAINT fk_forecast_points_forecast FOREIGN KEY (forecast_id)
        REFERENCES ai.forecasts (id) ON DELETE CASCADE,
    CONSTRAINT forecast_points_horizon_check CHECK (horizon > 0),
    CONSTRAINT forecast_points_bounds_check
        CHECK (lower_bound <= value AND value <= upper_bound),
    CONSTRAINT forecast_points_numbers_check
        CHECK ('NaN'::numeric NOT IN (value, lower_bound, upper_bound, coalesce(actual, 0))),
    CONSTRAINT forecast_points_actual_check CHECK ((actual IS NULL) = (actual_at IS NULL))
);

-- What still waits for its day.
CREATE INDEX idx_forecast_points_due ON ai.forecast_points (target_on) WHERE actual IS NULL;

CREATE POLICY "People see points of predictions they see" ON ai.forecast_points
    FOR SELECT TO authenticated
    USING (forecast_id IN (SELECT f.id FROM ai.forecasts AS f));
