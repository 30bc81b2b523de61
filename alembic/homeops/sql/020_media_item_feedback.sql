-- What people think of works, one row a work and person
CREATE TABLE media.item_feedback (
    user_id UUID NOT NULL,  -- Who thinks so, core.users.id; the row goes when the user goes
    item_id UUID NOT NULL,  -- Of what; the row goes with it
    stars INTEGER,  -- From 1 to 5; NULL: not rated
    is_hidden BOOLEAN NOT NULL DEFAULT false,  -- Whether it shall not be recommended again
    on_watchlist_since TIMESTAMPTZ,  -- When it was put on the list to see later; NULL: it is not
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT item_feedback_pkey PRIMARY KEY (user_id, item_id),
    CONSTRAINT item_feedback_stars_check CHECK (stars BETWEEN 1 AND 5)
);

CREATE INDEX idx_item_feedback_item ON media.item_feedback (item_id);

CREATE INDEX idx_item_feedback_watchlist
    ON media.item_feedback (user_id, on_watchlist_since) WHERE on_watchlist_since IS NOT NULL;

-- A foreign key does not see row level security: only items that the user sees.
CREATE POLICY "Users manage their feedback" ON media.item_feedback
    FOR ALL TO authenticated
    USING ((SELECT auth.uid()) = user_id)
    WITH CHECK ((SELECT auth.uid()) = user_id
        AND EXISTS (SELECT FROM media.items AS i WHERE i.id = item_id));

CREATE TRIGGER touch_item_feedback BEFORE UPDATE ON media.item_feedback
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
