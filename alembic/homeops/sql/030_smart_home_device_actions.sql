-- Who or what switched devices, one row an action; written by the hub, never changed
CREATE TABLE smart_home.device_actions (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    device_id UUID NOT NULL,  -- Device; the row goes with it
    occurred_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When it was switched
    attribute TEXT NOT NULL,  -- What was changed: power, brightness, target_c
    old_value TEXT,  -- Value before, as text; NULL if not known
    new_value TEXT NOT NULL,  -- Value afterwards, as text
    cause TEXT NOT NULL,  -- person, automation or device (its own switch)
    user_id UUID,  -- Person, core.users.id; NULL for other causes, and once the user is gone
    run_id UUID,  -- Run of an automation; NULL for other causes
    CONSTRAINT device_actions_pkey PRIMARY KEY (id),
    CONSTRAINT fk_device_actions_run FOREIGN KEY (run_id)
        REFERENCES smart_home.automation_runs (id) ON DELETE SET NULL,
    CONSTRAINT device_actions_attribute_check CHECK (attribute ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT device_actions_cause_check CHECK (cause IN ('person', 'automation', 'device')),
    CONSTRAINT device_actions_user_check CHECK (user_id IS NULL OR cause = 'person'),
    CONSTRAINT device_actions_run_check CHECK (run_id IS NULL OR cause = 'automation')
);

CREATE INDEX idx_device_actions_device_time
    ON smart_home.device_actions (device_id, attribute, occurred_at DESC);

CREATE INDEX idx_device_actions_user ON smart_home.device_actions (user_id);

CREATE INDEX idx_device_actions_run ON smart_home.device_actions (run_id);

-- The nightly learner reads one day after the other.
CREATE INDEX idx_device_actions_occurred
    ON smart_home.device_actions USING brin (occurred_at);

CREATE POLICY "Members see device actions" ON smart_home.device_actions
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));
