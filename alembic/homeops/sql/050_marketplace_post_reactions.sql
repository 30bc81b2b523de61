-- What people think of posts, one row a person and post
CREATE TABLE marketplace.post_reactions (
    post_id UUID NOT NULL,  -- Post; the row goes with it
    user_id UUID NOT NULL,  -- Whose it is, core.users.id; the row goes when the user goes
    kind TEXT NOT NULL,  -- like, helpful or thanks
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    CONSTRAINT post_reactions_pkey PRIMARY KEY (post_id, user_id),
    CONSTRAINT fk_post_reactions_post FOREIGN KEY (post_id)
        REFERENCES marketplace.posts (id) ON DELETE CASCADE,
    CONSTRAINT post_reactions_kind_check CHECK (kind IN ('like', 'helpful', 'thanks'))
);

CREATE INDEX idx_post_reactions_user ON marketplace.post_reactions (user_id);

CREATE POLICY "Members see reactions" ON marketplace.post_reactions FOR SELECT TO authenticated
    USING (post_id IN (SELECT p.id FROM marketplace.posts AS p));

CREATE POLICY "Members react" ON marketplace.post_reactions FOR INSERT TO authenticated
    WITH CHECK ((SELECT auth.uid()) = user_id
        AND post_id IN (SELECT p.id FROM marketplace.posts AS p));

CREATE POLICY "Members take reactions back" ON marketplace.post_reactions
    FOR DELETE TO authenticated
    USING ((SELECT auth.uid()) = user_id);
