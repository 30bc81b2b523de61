-- Where people stopped, one row a work and person
CREATE TABLE media.playback_positions (
    user_id UUID NOT NULL,  -- Who it was, core.users.id; the row goes when the user goes
    item_id UUID NOT NULL,  -- What was played; the row goes with it
    position_s INTEGER NOT NULL,  -- Where to go on, in seconds from its beginning
    play_count INTEGER NOT NULL DEFAULT 0,  -- How often it was played to its end
    is_finished BOOLEAN NOT NULL DEFAULT false,  -- Whether there is nothing to go on with
    last_played_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When it was last played
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT playback_positions_pkey PRIMARY KEY (user_id, item_id),
    CONSTRAINT playback_positions_position_check CHECK (position_s >= 0),
    CONSTRAINT playback_positions_play_count_check CHECK (play_count >= 0)
);

CREATE INDEX idx_playback_positions_item ON media.playback_positions (item_id);

-- "Continue watching": the latest first.
CREATE INDEX idx_playback_positions_unfinished
    ON media.playback_positions (user_id, last_played_at DESC) WHERE NOT is_finished;

CREATE POLICY "Users manage their positions" ON media.playback_positions
    FOR ALL TO authenticated
    USING ((SELECT auth.uid()) = user_id)
    WITH CHECK ((SELECT auth.uid()) = user_id
        AND EXISTS (SELECT FROM media.items AS i WHERE i.id = item_id));

CREATE TRIGGER touch_playback_positions BEFORE UPDATE ON media.playback_positions
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
