-- What happened while something was played, one row an event; written by the player, never changed
CREATE TABLE media.playback_events (
    session_id UUID NOT NULL,  -- Session of viewing_history; the row goes with it
    occurred_at TIMESTAMPTZ NOT NULL,  -- When it happened
    kind TEXT NOT NULL,  -- play, pause, seek, stop, finish or error
    position_s INTEGER NOT NULL,  -- Where in the work, in seconds from its beginning
    target_s INTEGER,  -- Where a seek went to, in seconds; NULL for the others
    device_name TEXT,  -- What it was played on
    CONSTRAINT playback_events_pkey PRIMARY KEY (session_id, occurred_at, kind),
    CONSTRAINT playback_events_kind_check
        CHECK (kind IN ('play', 'pause', 'seek', 'stop', 'finish', 'error')),
    CONSTRAINT playback_events_position_check CHECK (position_s >= 0),
    CONSTRAINT playback_events_target_check CHECK ((kind = 'seek') = (target_s IS NOT NULL)),
    CONSTRAINT playback_events_target_position_check CHECK (target_s >= 0)
);

-- Events come in order of time: what is kept for a year is cut off by this one.
CREATE INDEX idx_playback_events_occurred ON media.playback_events USING brin (occurred_at);

CREATE POLICY "Users see their playback events" ON media.playback_events
    FOR SELECT TO authenticated
    USING (session_id = ANY (ARRAY(SELECT h.id FROM media.viewing_history AS h WHERE h.user_id = (SELECT auth.uid()))));

CREATE POLICY "Users add their playback events" ON media.playback_events
    FOR INSERT TO authenticated
    WITH CHECK (session_id = ANY (ARRAY(SELECT h.id FROM media.viewing_history AS h WHERE h.user_id = (SELECT auth.uid()))));
