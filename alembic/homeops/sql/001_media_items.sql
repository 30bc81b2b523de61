-- Films, episodes, songs, photos and books, one row a work
CREATE TABLE media.items (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    library_id UUID NOT NULL,  -- Library that it is in; the row goes with it
    title TEXT NOT NULL,  -- Title of the work
    type TEXT NOT NULL,  -- movie, episode, track, album, photo, book or other
    creator TEXT,  -- Director, artist or author
    release_year INTEGER,  -- Year in which it came out
    duration_s INTEGER,  -- Length in seconds
    file_path TEXT,  -- Place in the library's folder
    metadata JSONB NOT NULL DEFAULT '{}',  -- What else is known: ids elsewhere, tags
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT items_pkey PRIMARY KEY (id),
    CONSTRAINT items_file_path_key UNIQUE (library_id, file_path),
    CONSTRAINT fk_items_library FOREIGN KEY (library_id)
        REFERENCES media.libraries (id) ON DELETE CASCADE,
    CONSTRAINT items_title_check CHECK (length(title) > 0),
    CONSTRAINT items_type_check
        CHECK (type IN ('movie', 'episode', 'track', 'album', 'photo', 'book', 'other')),
    CONSTRAINT items_release_year_check CHECK (release_year BETWEEN 1 AND 9999),
    CONSTRAINT items_duration_check CHECK (duration_s >= 0)
);

CREATE POLICY "Members see items of libraries that they see" ON media.items
    FOR SELECT TO authenticated
    USING (library_id = ANY (ARRAY(SELECT l.id FROM media.libraries AS l)));

CREATE POLICY "Users add items to their libraries" ON media.items
    FOR INSERT TO authenticated
    WITH CHECK (library_id = ANY (ARRAY(
        SELECT l.id FROM media.libraries AS l WHERE l.user_id = (SELECT auth.uid())
    )));

CREATE POLICY "Users change items of their libraries" ON media.items
    FOR UPDATE TO authenticated
    USING (library_id = ANY (ARRAY(
        SELECT l.id FROM media.libraries AS l WHERE l.user_id = (SELECT auth.uid())
    )))
    WITH CHECK (library_id = ANY (ARRAY(
        SELECT l.id FROM media.libraries AS l WHERE l.user_id = (SELECT auth.uid())
    )));

CREATE POLICY "Users remove items from their libraries" ON media.items
    FOR DELETE TO authenticated
    USING (library_id = ANY (ARRAY(
        SELECT l.id FROM media.libraries AS l WHERE l.user_id = (SELECT auth.uid())
    )));

CREATE TRIGGER touch_items BEFORE UPDATE ON media.items
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
