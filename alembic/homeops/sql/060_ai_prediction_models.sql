-- What predictions are made with, one row a trained version; written by the service
CREATE TABLE ai.prediction_models (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    name TEXT NOT NULL,  -- What it is for: spending, energy, balance
    version INTEGER NOT NULL,  -- Number of the training, the first is 1
    algorithm TEXT NOT NULL,  -- How it predicts: seasonal-mean, prophet
    parameters JSONB NOT NULL DEFAULT '{}',  -- Settings of the training, to repeat it
    trained_from DATE NOT NULL,  -- First day of the data that it learned from
    trained_until DATE NOT NULL,  -- Last day of them
    is_active BOOLEAN NOT NULL DEFAULT false,  -- Whether it makes the predictions that are shown; one version at most
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT prediction_models_pkey PRIMARY KEY (id),
    CONSTRAINT prediction_models_version_key UNIQUE (name, version),
    CONSTRAINT prediction_models_name_check CHECK (length(name) > 0),
    CONSTRAINT prediction_models_version_check CHECK (version > 0),
    CONSTRAINT prediction_models_algorithm_check CHECK (length(algorithm) > 0),
    CONSTRAINT prediction_models_days_check CHECK (trained_until >= trained_from)
);

CREATE UNIQUE INDEX idx_prediction_models_active
    ON ai.prediction_models (name) WHERE is_active;

CREATE POLICY "Members see prediction models" ON ai.prediction_models
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE TRIGGER touch_prediction_models BEFORE UPDATE ON ai.prediction_models
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
