-- What people watched, heard or read a day, one row a person, day and kind; written by the service
CREATE TABLE media.viewing_days (
    user_id UUID NOT NULL,  -- Who it was, core.users.id; the row goes when the user goes
    viewed_on DATE NOT NULL,  -- Day in the household's time zone
    item_type TEXT NOT NULL,  -- Kind of work, as in items
    session_count INTEGER NOT NULL,  -- How many sessions began on that day
    item_count INTEGER NOT NULL,  -- How many different works
    watched_s BIGINT NOT NULL,  -- Seconds in all
    completed_count INTEGER NOT NULL,  -- How many sessions went to the end
    computed_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When it was computed
    CONSTRAINT viewing_days_pkey PRIMARY KEY (user_id, viewed_on, item_type),
    CONSTRAINT viewing_days_item_type_check
        CHECK (item_type IN ('movie', 'episode', 'track', 'album', 'photo', 'book', 'other')),
    CONSTRAINT viewing_days_counts_check CHECK (
        session_count > 0
        AND item_count BETWEEN 1
        AND session_count
        AND completed_count BETWEEN 0
        AND session_count
    ),
    CONSTRAINT viewing_days_watched_check CHECK (watched_s >= 0)
);

CREATE INDEX idx_viewing_days_day ON media.viewing_days (viewed_on);

CREATE POLICY "Users see their days" ON media.viewing_days
    FOR SELECT TO authenticated
    USING ((SELECT auth.uid()) = user_id);
