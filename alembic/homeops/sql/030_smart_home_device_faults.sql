-- Faults of devices from report to repair, one row a fault
CREATE TABLE smart_home.device_faults (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    device_id UUID NOT NULL,  -- Device; the row goes with it
    reported_by UUID,  -- Who saw it, core.users.id; NULL: the device itself, or the user is gone
    reported_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When it was seen
    severity TEXT NOT NULL,  -- minor, major or critical
    description TEXT NOT NULL,  -- What is wrong
    resolved_at TIMESTAMPTZ,  -- When it worked again; NULL: it does not yet
    resolution TEXT,  -- What helped
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT device_faults_pkey PRIMARY KEY (id),
    CONSTRAINT device_faults_device_key UNIQUE (device_id, id),
    CONSTRAINT device_faults_severity_check CHECK (severity IN ('minor', 'major', 'critical')),
    CONSTRAINT device_faults_description_check CHECK (length(description) BETWEEN 1 AND 10000),
    CONSTRAINT device_faults_times_check CHECK (isfinite(reported_at) AND isfinite(resolved_at)),
    CONSTRAINT device_faults_resolution_length_check CHECK (length(resolution) <= 10000),
    CONSTRAINT device_faults_resolved_check CHECK (resolved_at >= reported_at),
    CONSTRAINT device_faults_resolution_check
        CHECK (resolution IS NULL OR resolved_at IS NOT NULL)
);

CREATE INDEX idx_device_faults_device_reported
    ON smart_home.device_faults (device_id, reported_at DESC);

CREATE INDEX idx_device_faults_reporter ON smart_home.device_faults (reported_by);

CREATE INDEX idx_device_faults_open
    ON smart_home.device_faults (severity, reported_at) WHERE resolved_at IS NULL;

CREATE POLICY "Members see faults" ON smart_home.device_faults
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE POLICY "Members report faults" ON smart_home.device_faults
    FOR INSERT TO authenticated
    WITH CHECK ((SELECT private.is_member()) AND reported_by = (SELECT auth.uid()));

CREATE POLICY "Reporters and admins follow faults up" ON smart_home.device_faults
    FOR UPDATE TO authenticated
    USING ((SELECT private.is_admin())
        OR (reported_by = (SELECT auth.uid()) AND (SELECT private.is_member())))
    WITH CHECK ((SELECT private.is_admin())
        OR (reported_by = (SELECT auth.uid()) AND (SELECT private.is_member())));

CREATE TRIGGER touch_device_faults BEFORE UPDATE ON smart_home.device_faults
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
