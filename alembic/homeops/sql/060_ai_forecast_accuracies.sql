-- How good the predictions of a model were, one row a metric and horizon; written by the service
CREATE TABLE ai.forecast_accuracies (
    model_id UUID NOT NULL,  -- Model; the row goes with it
    metric TEXT NOT NULL,  -- What was predicted, as in forecasts
    horizon INTEGER NOT NULL,  -- How many steps ahead
    point_count INTEGER NOT NULL,  -- Points whose actual value is known
    mean_error NUMERIC(18, 4) NOT NULL,  -- Mean of value less actual; above 0 it predicts too much
    mean_absolute_error NUMERIC(18, 4) NOT NULL,  -- Mean distance of value and actual
    coverage NUMERIC(7, 6) NOT NULL,  -- Share of actual values within the bounds, from 0 to 1; 0.8 is meant
    measured_at TIMESTAMPTZ NOT NULL,  -- When it was measured
    CONSTRAINT forecast_accuracies_pkey PRIMARY KEY (model_id, metric, horizon),
    CONSTRAINT fk_forecast_accuracies_model FOREIGN KEY (model_id)
        REFERENCES ai.prediction_models (id) ON DELETE CASCADE,
    CONSTRAINT forecast_accuracies_horizon_check CHECK (horizon > 0),
    CONSTRAINT forecast_accuracies_count_check CHECK (point_count > 0),
    CONSTRAINT forecast_accuracies_error_check CHECK (
        mean_absolute_error >= abs(mean_error) AND 'NaN'::numeric NOT IN (mean_error, mean_absolute_error)
    ),
    CONSTRAINT forecast_accuracies_coverage_check CHECK (coverage BETWEEN 0 AND 1)
);

CREATE POLICY "Members see how good predictions are" ON ai.forecast_accuracies
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));
