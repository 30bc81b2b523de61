-- When recommendations were made for whom, one row a run of the engine; written by the service
CREATE TABLE media.recommendation_runs (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    user_id UUID NOT NULL,  -- Whom they are for, core.users.id; the row goes when the user goes
    engine TEXT NOT NULL,  -- What made them, with its version: similar-items/2
    parameters JSONB NOT NULL DEFAULT '{}',  -- Settings of the engine, to repeat the run
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the run began
    finished_at TIMESTAMPTZ,  -- When its recommendations were complete; NULL: not shown yet
    expires_at TIMESTAMPTZ NOT NULL,  -- When they are too old to be shown
    CONSTRAINT recommendation_runs_pkey PRIMARY KEY (id),
    CONSTRAINT recommendation_runs_engine_check CHECK (length(engine) > 0),
    CONSTRAINT recommendation_runs_times_check CHECK (finished_at >= started_at),
    CONSTRAINT recommendation_runs_expiry_check CHECK (expires_at > started_at)
);

-- The latest run of a user is what is shown.
CREATE INDEX idx_recommendation_runs_user_finished
    ON media.recommendation_runs (user_id, finished_at DESC);

CREATE POLICY "Users see their runs" ON media.recommendation_runs
    FOR SELECT TO authenticated
    USING ((SELECT auth.uid()) = user_id);
