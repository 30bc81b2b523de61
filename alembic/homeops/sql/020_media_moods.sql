-- Moods of music, one row a mood
CREATE TABLE media.moods (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    name TEXT NOT NULL,  -- Name of the mood
    valence NUMERIC(7, 6) NOT NULL,  -- From 0, sad, to 1, glad
    arousal NUMERIC(7, 6) NOT NULL,  -- From 0, calm, to 1, wild
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT moods_pkey PRIMARY KEY (id),
    CONSTRAINT moods_name_key UNIQUE (name),
    CONSTRAINT moods_name_check CHECK (length(name) > 0),
    CONSTRAINT moods_valence_check CHECK (valence BETWEEN 0 AND 1),
    CONSTRAINT moods_arousal_check CHECK (arousal BETWEEN 0 AND 1)
);

CREATE POLICY "Members see moods" ON media.moods
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE POLICY "Admins add moods" ON media.moods
    FOR INSERT TO authenticated
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins change moods" ON media.moods
    FOR UPDATE TO authenticated
    USING ((SELECT private.is_admin()))
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins remove moods" ON media.moods
    FOR DELETE TO authenticated
    USING ((SELECT private.is_admin()));

CREATE TRIGGER touch_moods BEFORE UPDATE ON media.moods
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
