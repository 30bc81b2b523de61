-- What the house does by itself, one row a rule
CREATE TABLE smart_home.automations (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    name TEXT NOT NULL,  -- Name of the rule, once in the house
    trigger JSONB NOT NULL,  -- What starts it: {"type": "time", "at": "22:30"}
    conditions JSONB NOT NULL DEFAULT '{}',  -- What must hold then: {"everybody_away": true}
    actions JSONB NOT NULL,  -- What it does: {"device": …, "attribute": …, "value": …}
    origin TEXT NOT NULL DEFAULT 'person',  -- person: somebody made it; learned: from a pattern
    is_enabled BOOLEAN NOT NULL DEFAULT true,  -- Whether it runs
    created_by UUID,  -- Who made or accepted it, core.users.id; NULL once the user is gone
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT automations_pkey PRIMARY KEY (id),
    CONSTRAINT automations_name_key UNIQUE (name),
    CONSTRAINT automations_name_check CHECK (length(name) > 0),
    CONSTRAINT automations_trigger_check
        CHECK (jsonb_typeof(trigger) = 'object' AND trigger ? 'type'),
    CONSTRAINT automations_actions_check
        CHECK (jsonb_typeof(actions) = 'object' AND actions <> '{}'),
    CONSTRAINT automations_origin_check CHECK (origin IN ('person', 'learned'))
);

CREATE INDEX idx_automations_creator ON smart_home.automations (created_by);

CREATE POLICY "Members see automations" ON smart_home.automations
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE POLICY "Admins add automations" ON smart_home.automations
    FOR INSERT TO authenticated
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins change automations" ON smart_home.automations
    FOR UPDATE TO authenticated
    USING ((SELECT private.is_admin()))
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins remove automations" ON smart_home.automations
    FOR DELETE TO authenticated
    USING ((SELECT private.is_admin()));

CREATE TRIGGER touch_automations BEFORE UPDATE ON smart_home.automations
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
