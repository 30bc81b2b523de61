-- Collections of films, series, music, photos and books, one row a collection
CREATE TABLE media.libraries (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    user_id UUID NOT NULL,  -- Who manages it, core.users.id; it goes when the user goes
    name TEXT NOT NULL,  -- Name shown to the household
    type TEXT NOT NULL,  -- movies, tv, music, photos, books or mixed
    path TEXT,  -- Folder on the media server
    is_shared BOOLEAN NOT NULL DEFAULT true,  -- Whether the whole household sees it
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT libraries_pkey PRIMARY KEY (id),
    CONSTRAINT libraries_user_name_key UNIQUE (user_id, name),
    CONSTRAINT fk_libraries_user FOREIGN KEY (user_id)
        REFERENCES core.users (id) ON DELETE CASCADE,
    CONSTRAINT libraries_name_check CHECK (length(name) > 0),
    CONSTRAINT libraries_type_check
        CHECK (type IN ('movies', 'tv', 'music', 'photos', 'books', 'mixed'))
);

CREATE POLICY "Members see their own and shared libraries" ON media.libraries
    FOR SELECT TO authenticated
    USING ((SELECT auth.uid()) = user_id OR (is_shared AND (SELECT private.is_member())));

CREATE POLICY "Users add libraries" ON media.libraries FOR INSERT TO authenticated
    WITH CHECK ((SELECT auth.uid()) = user_id);

CREATE POLICY "Users change their libraries" ON media.libraries FOR UPDATE TO authenticated
    USING ((SELECT auth.uid()) = user_id) WITH CHECK ((SELECT auth.uid()) = user_id);

CREATE POLICY "Users remove their libraries" ON media.libraries FOR DELETE TO authenticated
    USING ((SELECT auth.uid()) = user_id);

CREATE TRIGGER touch_libraries BEFORE UPDATE ON media.libraries
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
