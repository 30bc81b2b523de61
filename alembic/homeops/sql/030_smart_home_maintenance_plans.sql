-- What must be done to devices again and again, one row a task of a device
CREATE TABLE smart_home.maintenance_plans (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    device_id UUID NOT NULL,  -- Device; the row goes with it
    task TEXT NOT NULL,  -- What to do, once for a device: replace filter
    instructions TEXT,  -- How to do it
    interval_days INTEGER,  -- Days between two times; NULL if only use counts
    usage_metric TEXT,  -- Metric of device_readings that counts use; NULL if only days count
    usage_limit NUMERIC(14, 4),  -- Use between two times, in that metric's unit
    assigned_to UUID,  -- Who does it, core.users.id; NULL: nobody, or the user is gone
    next_due_on DATE,  -- Next day to do it; NULL if only use counts
    is_active BOOLEAN NOT NULL DEFAULT true,  -- Whether it is still to be done
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT maintenance_plans_pkey PRIMARY KEY (id),
    CONSTRAINT maintenance_plans_device_key UNIQUE (device_id, id),
    CONSTRAINT maintenance_plans_task_key UNIQUE (device_id, task),
    CONSTRAINT maintenance_plans_task_check CHECK (length(task) > 0),
    CONSTRAINT maintenance_plans_interval_check CHECK (interval_days BETWEEN 1 AND 36500),
    CONSTRAINT maintenance_plans_usage_check
        CHECK ((usage_metric IS NULL) = (usage_limit IS NULL)),
    CONSTRAINT maintenance_plans_usage_limit_check
        CHECK (usage_limit > 0 AND usage_limit <> 'NaN'),
    CONSTRAINT maintenance_plans_rhythm_check
        CHECK (interval_days IS NOT NULL OR usage_metric IS NOT NULL),
    CONSTRAINT maintenance_plans_due_check
        CHECK ((interval_days IS NULL) = (next_due_on IS NULL))
);

CREATE INDEX idx_maintenance_plans_assignee ON smart_home.maintenance_plans (assigned_to);

CREATE INDEX idx_maintenance_plans_due
    ON smart_home.maintenance_plans (next_due_on) WHERE is_active;

CREATE POLICY "Members see maintenance plans" ON smart_home.maintenance_plans
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE POLICY "Admins add maintenance plans" ON smart_home.maintenance_plans
    FOR INSERT TO authenticated
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins change maintenance plans" ON smart_home.maintenance_plans
    FOR UPDATE TO authenticated
    USING ((SELECT private.is_admin()))
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins remove maintenance plans" ON smart_home.maintenance_plans
    FOR DELETE TO authenticated
    USING ((SELECT private.is_admin()));

CREATE TRIGGER touch_maintenance_plans BEFORE UPDATE ON smart_home.maintenance_plans
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
