-- Habits that the learner has found, one row a habit; written by the service, decided by people
CREATE TABLE smart_home.learned_patterns (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    device_id UUID NOT NULL,  -- Device; the row goes with it
    attribute TEXT NOT NULL,  -- As in device_actions
    value TEXT NOT NULL,  -- Value that it is set to
    day_type TEXT NOT NULL,  -- weekday, weekend or any
    around TIME NOT NULL,  -- Local time at which it happens
    spread_s INTEGER NOT NULL,  -- Standard deviation of that time, in seconds
    support_count INTEGER NOT NULL,  -- On how many days it happened
    confidence NUMERIC(7, 6) NOT NULL,  -- Share of such days on which it happened, from 0 to 1
    status TEXT NOT NULL DEFAULT 'candidate',  -- candidate, suggested, accepted, rejected or faded
    automation_id UUID,  -- Rule made of it once accepted; NULL once that is gone
    decided_by UUID,  -- Who accepted or rejected it, core.users.id; NULL once the user is gone
    decided_at TIMESTAMPTZ,  -- When; NULL: nobody has yet
    last_seen_on DATE NOT NULL,  -- Last day on which it happened
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT learned_patterns_pkey PRIMARY KEY (id),
    CONSTRAINT learned_patterns_habit_key UNIQUE (device_id, attribute, value, day_type, around),
    CONSTRAINT fk_learned_patterns_automation FOREIGN KEY (automation_id)
        REFERENCES smart_home.automations (id) ON DELETE SET NULL,
    CONSTRAINT learned_patterns_attribute_check CHECK (attribute ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT learned_patterns_day_type_check CHECK (day_type IN ('weekday', 'weekend', 'any')),
    CONSTRAINT learned_patterns_spread_check CHECK (spread_s BETWEEN 0 AND 43200),
    CONSTRAINT learned_patterns_support_check CHECK (support_count > 0),
    CONSTRAINT learned_patterns_confidence_check CHECK (confidence BETWEEN 0 AND 1),
    CONSTRAINT learned_patterns_status_check
        CHECK (status IN ('candidate', 'suggested', 'accepted', 'rejected', 'faded')),
    CONSTRAINT learned_patterns_decided_check
        CHECK (decided_at IS NOT NULL OR status NOT IN ('accepted', 'rejected')),
    CONSTRAINT learned_patterns_automation_check
        CHECK (automation_id IS NULL OR status IN ('accepted', 'faded'))
);

CREATE INDEX idx_learned_patterns_automation ON smart_home.learned_patterns (automation_id);

CREATE INDEX idx_learned_patterns_decider ON smart_home.learned_patterns (decided_by);

CREATE INDEX idx_learned_patterns_suggested
    ON smart_home.learned_patterns (confidence DESC) WHERE status = 'suggested';

CREATE POLICY "Members see patterns" ON smart_home.learned_patterns
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE POLICY "Admins decide on patterns" ON smart_home.learned_patterns
    FOR UPDATE TO authenticated
    USING ((SELECT private.is_admin()) AND status = 'suggested')
    WITH CHECK ((SELECT private.is_admin()) AND status IN ('accepted', 'rejected')
        AND decided_by = (SELECT auth.uid()));

CREATE TRIGGER touch_learned_patterns BEFORE UPDATE ON smart_home.learned_patterns
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
