-- How alike works are, one row a neighbour of a work by one method; written by the service
CREATE TABLE media.item_similarities (
    item_id UUID NOT NULL,  -- Work; the row goes with it
    similar_item_id UUID NOT NULL,  -- Its neighbour; the row goes with it
    method TEXT NOT NULL,  -- content, listeners or audio
    score NUMERIC(7, 6) NOT NULL,  -- How alike they are, from 0 to 1
    computed_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When it was computed
    CONSTRAINT item_similarities_pkey PRIMARY KEY (item_id, method, similar_item_id),
    CONSTRAINT item_similarities_other_check CHECK (item_id <> similar_item_id),
    CONSTRAINT item_similarities_method_check
        CHECK (method IN ('content', 'listeners', 'audio')),
    CONSTRAINT item_similarities_score_check CHECK (score BETWEEN 0 AND 1)
);

-- The nearest ones first, without sorting.
CREATE INDEX idx_item_similarities_nearest
    ON media.item_similarities (item_id, method, score DESC);

CREATE INDEX idx_item_similarities_similar_item
    ON media.item_similarities (similar_item_id);

-- Both works must be in sight, or a private library would show through.
CREATE POLICY "Members see neighbours among what they see" ON media.item_similarities
    FOR SELECT TO authenticated
    USING (item_id IN (SELECT i.id FROM media.items AS i)
        AND similar_item_id IN (SELECT i.id FROM media.items AS i));
