-- Predictions, one row a run of a model for one subject; written by the service
CREATE TABLE ai.forecasts (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    model_id UUID NOT NULL,  -- What made it; cannot go while there are predictions of it
    user_id UUID,  -- Whom it is about, core.users.id; NULL: the household; the row goes when the user goes
    account_id UUID,  -- Account that it is about, or NULL; the row goes with it
    device_id UUID,  -- Device that it is about, or NULL; the row goes with it
    metric TEXT NOT NULL,  -- What is predicted, with its unit: spending_usd, energy_kwh
    step_days INTEGER NOT NULL DEFAULT 1,  -- Days from one point to the next
    made_on DATE NOT NULL,  -- Day that it was made at the end of; its points are later
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    CONSTRAINT forecasts_pkey PRIMARY KEY (id),
    CONSTRAINT forecasts_once_key UNIQUE NULLS NOT DISTINCT
        (model_id, made_on, metric, user_id, account_id, device_id),
    CONSTRAINT fk_forecasts_model FOREIGN KEY (model_id)
        REFERENCES ai.prediction_models (id),
    CONSTRAINT forecasts_subject_check CHECK (num_nonnulls(user_id, device_id) <= 1),
    CONSTRAINT forecasts_account_check CHECK (account_id IS NULL OR user_id IS NOT NULL),
    CONSTRAINT forecasts_metric_check CHECK (metric ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT forecasts_step_check CHECK (step_days BETWEEN 1 AND 366)
);

CREATE INDEX idx_forecasts_user_made ON ai.forecasts (user_id, metric, made_on DESC);

CREATE INDEX idx_forecasts_account ON ai.forecasts (account_id);

CREATE INDEX idx_forecasts_device ON ai.forecasts (device_id);

CREATE POLICY "People see their predictions and the household's" ON ai.forecasts
    FOR SELECT TO authenticated
    USING ((SELECT auth.uid()) = user_id
        OR (user_id IS NULL AND (SELECT private.is_member())));
