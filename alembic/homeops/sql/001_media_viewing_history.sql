-- Who watched, heard or read what, one row a session
CREATE TABLE media.viewing_history (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    user_id UUID NOT NULL,  -- Who it was, core.users.id; the row goes when the user goes
    item_id UUID NOT NULL,  -- What it was; the row goes with it
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the session began
    watched_s INTEGER NOT NULL DEFAULT 0,  -- How long it lasted, in seconds
    is_completed BOOLEAN NOT NULL DEFAULT false,  -- Whether it was played to its end
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT viewing_history_pkey PRIMARY KEY (id),
    CONSTRAINT fk_viewing_history_user FOREIGN KEY (user_id)
        REFERENCES core.users (id) ON DELETE CASCADE,
    CONSTRAINT fk_viewing_history_item FOREIGN KEY (item_id)
        REFERENCES media.items (id) ON DELETE CASCADE,
    CONSTRAINT viewing_history_watched_check CHECK (watched_s >= 0)
);

CREATE INDEX idx_viewing_history_user_started
    ON media.viewing_history (user_id, started_at DESC);

CREATE INDEX idx_viewing_history_item ON media.viewing_history (item_id);

-- A foreign key does not see row level security: only items that the user sees.
CREATE POLICY "Users manage their viewing history" ON media.viewing_history
    FOR ALL TO authenticated
    USING ((SELECT auth.uid()) = user_id)
    WITH CHECK (
        (SELECT auth.uid()) = user_id
        AND EXISTS (SELECT FROM media.items AS i WHERE i.id = item_id)
    );

CREATE TRIGGER touch_viewing_history BEFORE UPDATE ON media.viewing_history
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
