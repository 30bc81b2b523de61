-- What somebody finds wrong with a post, a review or an offer, and what was decided, one row a report
CREATE TABLE marketplace.content_reports (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    reporter_id UUID NOT NULL,  -- Who reports it, core.users.id; the row goes when the user goes
    post_id UUID,  -- Post, or NULL; the row goes with it
    review_id UUID,  -- Review, or NULL; the row goes with it
    listing_id UUID,  -- Offer, or NULL; the row goes with it
    reason TEXT NOT NULL,  -- spam, abuse, unsafe, copyright or other
    note TEXT,  -- What the reporter says
    status TEXT NOT NULL DEFAULT 'open',  -- open, upheld (it was removed) or dismissed
    decided_by UUID,  -- Administrator who decided; NULL: none yet, or the person has gone
    decided_at TIMESTAMPTZ,  -- When it was decided
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT content_reports_pkey PRIMARY KEY (id),
    CONSTRAINT content_reports_once_key
        UNIQUE NULLS NOT DISTINCT (reporter_id, post_id, review_id, listing_id),
    CONSTRAINT fk_content_reports_post FOREIGN KEY (post_id)
        REFERENCES marketplace.posts (id) ON DELETE CASCADE,
    CONSTRAINT fk_content_reports_review FOREIGN KEY (review_id)
        REFERENCES marketplace.reviews (id) ON DELETE CASCADE,
    CONSTRAINT fk_content_reports_listing FOREIGN KEY (listing_id)
        REFERENCES marketplace.listings (id) ON DELETE CASCADE,
    CONSTRAINT content_reports_subject_check
        CHECK (num_nonnulls(post_id, review_id, listing_id) = 1),
    CONSTRAINT content_reports_reason_check
        CHECK (reason IN ('spam', 'abuse', 'unsafe', 'copyright', 'other')),
    CONSTRAINT content_reports_note_check CHECK (length(note) <= 10000),
    CONSTRAINT content_reports_status_check CHECK (status IN ('open', 'upheld', 'dismissed')),
    CONSTRAINT content_reports_decided_check CHECK ((status = 'open') = (decided_at IS NULL))
);

CREATE INDEX idx_content_reports_post ON marketplace.content_reports (post_id);

CREATE INDEX idx_content_reports_review ON marketplace.content_reports (review_id);

CREATE INDEX idx_content_reports_listing ON marketplace.content_reports (listing_id);

CREATE INDEX idx_content_reports_decided_by ON marketplace.content_reports (decided_by);

CREATE INDEX idx_content_reports_open
    ON marketplace.content_reports (created_at) WHERE status = 'open';

CREATE POLICY "Reporters see their reports, administrators all" ON marketplace.content_reports
    FOR SELECT TO authenticated
    USING ((SELECT auth.uid()) = reporter_id OR (SELECT private.is_admin()));

CREATE POLICY "Members report" ON marketplace.content_reports FOR INSERT TO authenticated
    WITH CHECK ((SELECT auth.uid()) = reporter_id AND status = 'open' AND decided_by IS NULL
        AND (post_id IS NULL OR post_id IN (SELECT p.id FROM marketplace.posts AS p))
        AND (review_id IS NULL OR review_id IN (SELECT r.id FROM marketplace.reviews AS r))
        AND (listing_id IS NULL OR listing_id IN (SELECT s.id FROM marketplace.listings AS s)));

CREATE POLICY "Administrators decide reports" ON marketplace.content_reports
    FOR UPDATE TO authenticated
    USING ((SELECT private.is_admin()))
    WITH CHECK ((SELECT private.is_admin()) AND (SELECT auth.uid()) = decided_by);

CREATE TRIGGER content_reports_made_now BEFORE INSERT ON marketplace.content_reports
    FOR EACH ROW WHEN (current_user = 'authenticated') EXECUTE FUNCTION private.made_now();

CREATE TRIGGER content_reports_hide AFTER INSERT ON marketplace.content_reports
    FOR EACH ROW WHEN (NEW.status = 'open') EXECUTE FUNCTION private.hide_reported();

CREATE TRIGGER touch_content_reports BEFORE UPDATE ON marketplace.content_reports
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
