-- Genres of music and of everything else, one row a genre
CREATE TABLE media.genres (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    name TEXT NOT NULL,  -- Name of the genre, once for a kind
    kind TEXT NOT NULL,  -- music, video or book
    parent_id UUID,  -- Broader genre; NULL at the top
    description TEXT,  -- What is meant by it
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT genres_pkey PRIMARY KEY (id),
    CONSTRAINT genres_kind_name_key UNIQUE (kind, name),
    CONSTRAINT fk_genres_parent FOREIGN KEY (parent_id)
        REFERENCES media.genres (id),
    CONSTRAINT genres_name_check CHECK (length(name) > 0),
    CONSTRAINT genres_kind_check CHECK (kind IN ('music', 'video', 'book')),
    CONSTRAINT genres_parent_check CHECK (parent_id <> id)
);

CREATE INDEX idx_genres_parent ON media.genres (parent_id);

CREATE POLICY "Members see genres" ON media.genres
    FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE POLICY "Admins add genres" ON media.genres
    FOR INSERT TO authenticated
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins change genres" ON media.genres
    FOR UPDATE TO authenticated
    USING ((SELECT private.is_admin()))
    WITH CHECK ((SELECT private.is_admin()));

CREATE POLICY "Admins remove genres" ON media.genres
    FOR DELETE TO authenticated
    USING ((SELECT private.is_admin()));

CREATE TRIGGER touch_genres BEFORE UPDATE ON media.genres
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
