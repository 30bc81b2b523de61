-- What was done to devices, one row a job
CREATE TABLE smart_home.maintenance_records (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    device_id UUID NOT NULL,  -- Device; the row goes with it
    plan_id UUID,  -- Plan of the device that it was done for; NULL: none, or the plan is gone
    fault_id UUID,  -- Fault of the device that it mended; NULL: none, or the fault is gone
    done_by UUID,  -- Who did it, core.users.id; NULL: a craftsman, or the user is gone
    done_on DATE NOT NULL,  -- Day on which it was done
    task TEXT NOT NULL,  -- What was done
    outcome TEXT NOT NULL DEFAULT 'done',  -- done, partial or failed
    cost NUMERIC(15, 2) NOT NULL DEFAULT 0,  -- Money for parts and work
    currency TEXT NOT NULL DEFAULT 'USD',  -- ISO 4217 code of cost
    parts TEXT[] NOT NULL DEFAULT '{}',  -- Parts that were put in
    comment TEXT,  -- What the next one should know
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    CONSTRAINT maintenance_records_pkey PRIMARY KEY (id),
    CONSTRAINT fk_maintenance_records_plan FOREIGN KEY (device_id, plan_id)
        REFERENCES smart_home.maintenance_plans (device_id, id) ON DELETE SET NULL (plan_id),
    CONSTRAINT fk_maintenance_records_fault FOREIGN KEY (device_id, fault_id)
        REFERENCES smart_home.device_faults (device_id, id) ON DELETE SET NULL (fault_id),
    CONSTRAINT maintenance_records_task_check CHECK (length(task) BETWEEN 1 AND 300),
    CONSTRAINT maintenance_records_done_on_check CHECK (isfinite(done_on)),
    CONSTRAINT maintenance_records_comment_check CHECK (length(comment) <= 10000),
    CONSTRAINT maintenance_records_outcome_check
        CHECK (outcome IN ('done', 'partial', 'failed')),
    CONSTRAINT maintenance_records_cost_check CHECK (cost >= 0 AND cost <> 'NaN'),
    CONSTRAINT maintenance_records_currency_check CHECK (currency ~ '^[A-Z]{3}$')
);

CREATE INDEX idx_maintenance_records_device_done
    ON smart_home.maintenance_records (device_id, done_on DESC);

CREATE INDEX idx_maintenance_records_plan
    ON smart_home.maintenance_records (plan_id, device_id, done_on DESC);

CREATE INDEX idx_maintenance_records_fault ON smart_home.maintenance_records (fault_id, device_id);

CREATE INDEX idx_maintenance_records_doer ON smart_home.maintenance_records (done_by);

CREATE POLICY "Members see maintenance records" ON smart_home.maintenance_records
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE POLICY "Members write down what they did" ON smart_home.maintenance_records
    FOR INSERT TO authenticated
    WITH CHECK ((SELECT private.is_member())
        AND (done_by = (SELECT auth.uid()) OR (SELECT private.is_admin())));
