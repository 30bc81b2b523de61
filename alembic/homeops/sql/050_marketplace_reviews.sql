-- What buyers think of what they bought, one row a person and offer
CREATE TABLE marketplace.reviews (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    listing_id UUID NOT NULL,  -- What it is about; the row goes with it
    user_id UUID NOT NULL,  -- Who wrote it, core.users.id; the row goes when the user goes
    rating INTEGER NOT NULL,  -- Stars, from 1 to 5
    body TEXT,  -- What the buyer says; NULL: stars alone
    status TEXT NOT NULL DEFAULT 'pending',  -- pending (not looked at), visible or removed
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT reviews_pkey PRIMARY KEY (id),
    CONSTRAINT reviews_listing_user_key UNIQUE (listing_id, user_id),
    CONSTRAINT fk_reviews_listing FOREIGN KEY (listing_id)
        REFERENCES marketplace.listings (id) ON DELETE CASCADE,
    CONSTRAINT reviews_rating_check CHECK (rating BETWEEN 1 AND 5),
    CONSTRAINT reviews_body_check CHECK (length(body) BETWEEN 1 AND 10000),
    CONSTRAINT reviews_status_check CHECK (status IN ('pending', 'visible', 'removed'))
);

CREATE INDEX idx_reviews_user ON marketplace.reviews (user_id);

CREATE INDEX idx_reviews_listing_visible
    ON marketplace.reviews (listing_id, created_at DESC) WHERE status = 'visible';

CREATE INDEX idx_reviews_pending ON marketplace.reviews (created_at) WHERE status = 'pending';

CREATE POLICY "Members see reviews" ON marketplace.reviews FOR SELECT TO authenticated
    USING ((status = 'visible' AND (SELECT private.is_member()))
        OR (SELECT auth.uid()) = user_id OR (SELECT private.is_admin()));

-- Only what was paid for, and not given back.
CREATE POLICY "Buyers review what they bought" ON marketplace.reviews
    FOR INSERT TO authenticated
    WITH CHECK ((SELECT auth.uid()) = user_id AND status = 'pending'
        AND listing_id IN (
            SELECT l.listing_id FROM marketplace.order_lines AS l
            JOIN marketplace.orders AS o ON o.id = l.order_id
            WHERE o.buyer_id = (SELECT auth.uid()) AND o.status = 'paid'
        ));

CREATE POLICY "Buyers change reviews, administrators decide" ON marketplace.reviews
    FOR UPDATE TO authenticated
    USING ((SELECT auth.uid()) = user_id OR (SELECT private.is_admin()))
    WITH CHECK (((SELECT auth.uid()) = user_id AND status = 'pending'
            AND listing_id IN (
                SELECT l.listing_id FROM marketplace.order_lines AS l
                JOIN marketplace.orders AS o ON o.id = l.order_id
                WHERE o.buyer_id = (SELECT auth.uid()) AND o.status = 'paid'
            ))
        OR (SELECT private.is_admin()));

CREATE POLICY "Buyers remove their reviews" ON marketplace.reviews FOR DELETE TO authenticated
    USING ((SELECT auth.uid()) = user_id);

CREATE TRIGGER reviews_made_now BEFORE INSERT ON marketplace.reviews
    FOR EACH ROW WHEN (current_user = 'authenticated') EXECUTE FUNCTION private.made_now();

-- Who decides on somebody else's review puts no words into that mouth.
CREATE TRIGGER reviews_only_decided BEFORE UPDATE ON marketplace.reviews
    FOR EACH ROW WHEN (current_user = 'authenticated' AND OLD.user_id <> auth.uid())
    EXECUTE FUNCTION private.only_changes('status', 'updated_at');

CREATE TRIGGER reviews_place BEFORE UPDATE ON marketplace.reviews
    FOR EACH ROW WHEN (current_user = 'authenticated')
    EXECUTE FUNCTION private.only_changes('rating', 'body', 'status', 'updated_at');

CREATE TRIGGER touch_reviews BEFORE UPDATE ON marketplace.reviews
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
