-- What was recommended and what came of it, one row an item of a run; written by the service
CREATE TABLE media.recommendations (
    run_id UUID NOT NULL,  -- Run that found it; the row goes with it
    item_id UUID NOT NULL,  -- What is recommended; the row goes with it
    rank INTEGER NOT NULL,  -- Place in the list, 1 is the best
    score NUMERIC(7, 6) NOT NULL,  -- How sure the engine is, from 0 to 1
    reason TEXT NOT NULL,  -- similar, creator, genre, mood, popular or new
    because_item_id UUID,  -- What the person liked that led here; NULL if nothing single did
    shown_at TIMESTAMPTZ,  -- When it was first on the screen; NULL: not yet
    opened_at TIMESTAMPTZ,  -- When the person opened it; NULL: never
    dismissed_at TIMESTAMPTZ,  -- When the person said no; NULL: never
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    CONSTRAINT recommendations_pkey PRIMARY KEY (run_id, item_id),
    CONSTRAINT recommendations_rank_key UNIQUE (run_id, rank),
    CONSTRAINT fk_recommendations_run FOREIGN KEY (run_id)
        REFERENCES media.recommendation_runs (id) ON DELETE CASCADE,
    CONSTRAINT recommendations_rank_check CHECK (rank > 0),
    CONSTRAINT recommendations_score_check CHECK (score BETWEEN 0 AND 1),
    CONSTRAINT recommendations_reason_check
        CHECK (reason IN ('similar', 'creator', 'genre', 'mood', 'popular', 'new')),
    CONSTRAINT recommendations_because_check CHECK (because_item_id <> item_id),
    CONSTRAINT recommendations_opened_check CHECK (opened_at >= shown_at)
);

CREATE INDEX idx_recommendations_item ON media.recommendations (item_id);

CREATE INDEX idx_recommendations_because ON media.recommendations (because_item_id);

CREATE POLICY "Users see their recommendations" ON media.recommendations
    FOR SELECT TO authenticated
    USING (run_id = ANY (ARRAY(SELECT r.id FROM media.recommendation_runs AS r WHERE r.user_id = (SELECT auth.uid()))));

CREATE POLICY "Users mark their recommendations" ON media.recommendations
    FOR UPDATE TO authenticated
    USING (run_id = ANY (ARRAY(SELECT r.id FROM media.recommendation_runs AS r WHERE r.user_id = (SELECT auth.uid()))))
    WITH CHECK (run_id = ANY (ARRAY(SELECT r.id FROM media.recommendation_runs AS r WHERE r.user_id = (SELECT auth.uid()))));
