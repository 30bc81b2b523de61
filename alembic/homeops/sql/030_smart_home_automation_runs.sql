-- When rules ran and what came of it, one row a run; written by the hub
CREATE TABLE smart_home.automation_runs (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    automation_id UUID NOT NULL,  -- Rule; the row goes with it
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When it began
    finished_at TIMESTAMPTZ,  -- When it ended; NULL while it runs
    outcome TEXT NOT NULL DEFAULT 'running',  -- running, done, skipped (a condition did not hold) or failed
    error TEXT,  -- What went wrong; NULL unless it failed
    CONSTRAINT automation_runs_pkey PRIMARY KEY (id),
    CONSTRAINT fk_automation_runs_automation FOREIGN KEY (automation_id)
        REFERENCES smart_home.automations (id) ON DELETE CASCADE,
    CONSTRAINT automation_runs_outcome_check
        CHECK (outcome IN ('running', 'done', 'skipped', 'failed')),
    CONSTRAINT automation_runs_finished_check
        CHECK ((outcome = 'running') = (finished_at IS NULL)),
    CONSTRAINT automation_runs_times_check CHECK (finished_at >= started_at),
    CONSTRAINT automation_runs_error_check CHECK ((outcome = 'failed') = (error IS NOT NULL))
);

CREATE INDEX idx_automation_runs_automation_started
    ON smart_home.automation_runs (automation_id, started_at DESC);

CREATE INDEX idx_automation_runs_started
    ON smart_home.automation_runs USING brin (started_at);

CREATE POLICY "Members see automation runs" ON smart_home.automation_runs
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));
