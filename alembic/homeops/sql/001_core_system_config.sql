-- Settings of the whole installation, one row a setting
CREATE TABLE core.system_config (
    key TEXT NOT NULL,  -- Name with its group: ai.default_model
    value JSONB NOT NULL,  -- The setting
    category TEXT NOT NULL,  -- Group that the setting is shown in; security: for administrators only
    description TEXT,  -- What it does, for people
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT system_config_pkey PRIMARY KEY (key),
    CONSTRAINT system_config_key_check CHECK (key ~ '^[a-z0-9_]+(\.[a-z0-9_]+)+$'),
    CONSTRAINT system_config_category_check CHECK (length(category) > 0)
);

CREATE POLICY "Members see settings" ON core.system_config FOR SELECT TO authenticated
    USING (
        CASE WHEN category = 'security' THEN (SELECT private.is_admin())
            ELSE (SELECT private.is_member()) END
    );

CREATE POLICY "Admins add settings" ON core.system_config FOR INSERT TO authenticated
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins change settings" ON core.system_config FOR UPDATE TO authenticated
    USING ((SELECT private.is_admin())) WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins remove settings" ON core.system_config FOR DELETE TO authenticated
    USING ((SELECT private.is_admin()));

CREATE TRIGGER system_config_value BEFORE INSERT OR UPDATE OF key, value ON core.system_config
    FOR EACH ROW EXECUTE FUNCTION private.check_setting();

CREATE TRIGGER touch_system_config BEFORE UPDATE ON core.system_config
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
