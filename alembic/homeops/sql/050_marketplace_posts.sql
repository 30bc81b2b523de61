-- What people write for each other: guides, questions, answers, remarks, one row a piece
CREATE TABLE marketplace.posts (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    author_id UUID,  -- Who wrote it, core.users.id; NULL once the person has gone: the answers stay
    parent_id UUID,  -- What it answers; NULL for what begins a thread; the row goes with it
    listing_id UUID,  -- Offer that it is about; NULL: of none, or the offer is gone
    kind TEXT NOT NULL,  -- guide, showcase, question, answer or comment
    title TEXT,  -- Title; NULL for answers and comments
    body TEXT NOT NULL,  -- Text, in Markdown
    status TEXT NOT NULL DEFAULT 'draft',  -- draft, pending (not looked at), visible or removed
    published_at TIMESTAMPTZ,  -- When it was first visible; NULL: not yet
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT posts_pkey PRIMARY KEY (id),
    CONSTRAINT fk_posts_parent FOREIGN KEY (parent_id)
        REFERENCES marketplace.posts (id) ON DELETE CASCADE,
    CONSTRAINT fk_posts_listing FOREIGN KEY (listing_id)
        REFERENCES marketplace.listings (id) ON DELETE SET NULL,
    CONSTRAINT posts_parent_check CHECK (parent_id <> id),
    CONSTRAINT posts_kind_check
        CHECK (kind IN ('guide', 'showcase', 'question', 'answer', 'comment')),
    CONSTRAINT posts_answer_check CHECK ((kind IN ('answer', 'comment')) = (parent_id IS NOT NULL)),
    CONSTRAINT posts_title_check CHECK ((parent_id IS NULL) = (length(coalesce(title, '')) > 0)),
    CONSTRAINT posts_title_length_check CHECK (length(title) <= 300),
    CONSTRAINT posts_body_check CHECK (length(body) BETWEEN 1 AND 100000),
    CONSTRAINT posts_status_check CHECK (status IN ('draft', 'pending', 'visible', 'removed')),
    CONSTRAINT posts_published_check CHECK (status <> 'visible' OR published_at IS NOT NULL)
);

CREATE INDEX idx_posts_author ON marketplace.posts (author_id, created_at DESC);

CREATE INDEX idx_posts_parent ON marketplace.posts (parent_id, published_at);

CREATE INDEX idx_posts_listing ON marketplace.posts (listing_id);

-- The front page.
CREATE INDEX idx_posts_front
    ON marketplace.posts (published_at DESC) WHERE status = 'visible' AND parent_id IS NULL;

CREATE INDEX idx_posts_pending ON marketplace.posts (created_at) WHERE status = 'pending';

CREATE POLICY "Members see posts" ON marketplace.posts FOR SELECT TO authenticated
    USING ((status = 'visible' AND (SELECT private.is_member()))
        OR (SELECT auth.uid()) = author_id
        OR (status <> 'draft' AND (SELECT private.is_admin())));

CREATE POLICY "Members write posts" ON marketplace.posts FOR INSERT TO authenticated
    WITH CHECK ((SELECT auth.uid()) = author_id AND status IN ('draft', 'pending')
        AND (SELECT private.is_member())
        AND (listing_id IS NULL OR listing_id IN (SELECT s.id FROM marketplace.listings AS s))
        AND (parent_id IS NULL OR private.is_readable_post(parent_id)));

CREATE POLICY "Authors change posts, administrators decide" ON marketplace.posts
    FOR UPDATE TO authenticated
    USING ((SELECT auth.uid()) = author_id
        OR (status <> 'draft' AND (SELECT private.is_admin())))
    WITH CHECK (((SELECT auth.uid()) = author_id AND status IN ('draft', 'pending')
            AND (listing_id IS NULL OR listing_id IN (SELECT s.id FROM marketplace.listings AS s))
            AND (parent_id IS NULL OR private.is_readable_post(parent_id)))
        OR (SELECT private.is_admin()));

CREATE POLICY "Authors remove posts" ON marketplace.posts FOR DELETE TO authenticated
    USING ((SELECT auth.uid()) = author_id);

CREATE TRIGGER posts_made_now BEFORE INSERT ON marketplace.posts
    FOR EACH ROW WHEN (current_user = 'authenticated') EXECUTE FUNCTION private.made_now();

CREATE TRIGGER posts_published BEFORE INSERT OR UPDATE ON marketplace.posts
    FOR EACH ROW WHEN (current_user = 'authenticated') EXECUTE FUNCTION private.published();

-- Who decides on somebody else's post puts no words into that mouth.
CREATE TRIGGER posts_only_decided BEFORE UPDATE ON marketplace.posts
    FOR EACH ROW WHEN (current_user = 'authenticated' AND OLD.author_id IS DISTINCT FROM auth.uid())
    EXECUTE FUNCTION private.only_changes('status', 'published_at', 'updated_at');

-- A post stays where it was written: two that answer each other would be a thread without an end.
CREATE TRIGGER posts_place BEFORE UPDATE ON marketplace.posts
    FOR EACH ROW WHEN (current_user = 'authenticated')
    EXECUTE FUNCTION private.only_changes(
        'listing_id', 'kind', 'title', 'body', 'status', 'published_at', 'updated_at'
    );

CREATE TRIGGER posts_only_own_words BEFORE DELETE ON marketplace.posts
    FOR EACH ROW WHEN (current_user = 'authenticated') EXECUTE FUNCTION private.only_own_words();

CREATE TRIGGER posts_reported_stay BEFORE UPDATE ON marketplace.posts
    FOR EACH ROW WHEN (current_user = 'authenticated' AND NEW.status = 'draft' AND OLD.status <> 'draft')
    EXECUTE FUNCTION private.only_own_words();

CREATE TRIGGER touch_posts BEFORE UPDATE ON marketplace.posts
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
