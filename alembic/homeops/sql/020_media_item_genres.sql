-- Which genres works are of, one row a genre of a work
CREATE TABLE media.item_genres (
    item_id UUID NOT NULL,  -- Work; the row goes with it
    genre_id UUID NOT NULL,  -- Genre; the row goes with it
    source TEXT NOT NULL,  -- tag (in the file), analysis or person
    weight NUMERIC(7, 6) NOT NULL DEFAULT 1,  -- How much of it the work is, from 0 to 1
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    CONSTRAINT item_genres_pkey PRIMARY KEY (item_id, genre_id),
    CONSTRAINT fk_item_genres_genre FOREIGN KEY (genre_id)
        REFERENCES media.genres (id) ON DELETE CASCADE,
    CONSTRAINT item_genres_source_check CHECK (source IN ('tag', 'analysis', 'person')),
    CONSTRAINT item_genres_weight_check CHECK (weight > 0 AND weight <= 1)
);

CREATE INDEX idx_item_genres_genre ON media.item_genres (genre_id, weight DESC);

CREATE POLICY "Members see genres of what they see" ON media.item_genres
    FOR SELECT TO authenticated
    USING (item_id IN (SELECT i.id FROM media.items AS i));

CREATE POLICY "Users add genres to their items" ON media.item_genres
    FOR INSERT TO authenticated
    WITH CHECK (item_id IN (SELECT i.id FROM media.items AS i JOIN media.libraries AS l ON l.id = i.library_id
            WHERE l.user_id = (SELECT auth.uid()))
        AND source = 'person');

CREATE POLICY "Users remove genres from their items" ON media.item_genres
    FOR DELETE TO authenticated
    USING (item_id IN (SELECT i.id FROM media.items AS i JOIN media.libraries AS l ON l.id = i.library_id
            WHERE l.user_id = (SELECT auth.uid())));
