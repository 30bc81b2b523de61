-- Who gets how much of what an offer earns, one row a creator of an offer; without any, all goes to who offers it
CREATE TABLE marketplace.revenue_shares (
    listing_id UUID NOT NULL,  -- Offer; the row goes with it
    creator_id UUID NOT NULL,  -- Who has the share; cannot go while it has one
    share_bp INTEGER NOT NULL,  -- Share in hundredths of a percent; those of an offer are 10000 in all
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT revenue_shares_pkey PRIMARY KEY (listing_id, creator_id),
    CONSTRAINT fk_revenue_shares_listing FOREIGN KEY (listing_id)
        REFERENCES marketplace.listings (id) ON DELETE CASCADE,
    CONSTRAINT fk_revenue_shares_creator FOREIGN KEY (creator_id)
        REFERENCES marketplace.creators (id),
    CONSTRAINT revenue_shares_share_check CHECK (share_bp BETWEEN 1 AND 10000)
);

CREATE INDEX idx_revenue_shares_creator ON marketplace.revenue_shares (creator_id);

CREATE POLICY "Creators see shares of theirs" ON marketplace.revenue_shares
    FOR SELECT TO authenticated
    USING (creator_id = ANY (ARRAY(SELECT c.id FROM marketplace.creators AS c WHERE c.user_id = (SELECT auth.uid()))) OR listing_id = ANY (ARRAY(SELECT s.id FROM marketplace.listings AS s WHERE s.creator_id = ANY (ARRAY(SELECT c.id FROM marketplace.creators AS c WHERE c.user_id = (SELECT auth.uid()))))));

CREATE POLICY "Creators give shares" ON marketplace.revenue_shares FOR INSERT TO authenticated
    WITH CHECK (listing_id = ANY (ARRAY(SELECT s.id FROM marketplace.listings AS s WHERE s.creator_id = ANY (ARRAY(SELECT c.id FROM marketplace.creators AS c WHERE c.user_id = (SELECT auth.uid()))))));

CREATE POLICY "Creators change shares" ON marketplace.revenue_shares FOR UPDATE TO authenticated
    USING (listing_id = ANY (ARRAY(SELECT s.id FROM marketplace.listings AS s WHERE s.creator_id = ANY (ARRAY(SELECT c.id FROM marketplace.creators AS c WHERE c.user_id = (SELECT auth.uid()))))))
    WITH CHECK (listing_id = ANY (ARRAY(SELECT s.id FROM marketplace.listings AS s WHERE s.creator_id = ANY (ARRAY(SELECT c.id FROM marketplace.creators AS c WHERE c.user_id = (SELECT auth.uid()))))));

CREATE POLICY "Creators take shares away" ON marketplace.revenue_shares
    FOR DELETE TO authenticated
    USING (listing_id = ANY (ARRAY(SELECT s.id FROM marketplace.listings AS s WHERE s.creator_id = ANY (ARRAY(SELECT c.id FROM marketplace.creators AS c WHERE c.user_id = (SELECT auth.uid()))))));

-- At the end of the transaction: meanwhile two rows may change one after the other.
CREATE CONSTRAINT TRIGGER revenue_shares_add_up
    AFTER INSERT OR UPDATE OR DELETE ON marketplace.revenue_shares
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION private.shares_add_up();

CREATE TRIGGER touch_revenue_shares BEFORE UPDATE ON marketplace.revenue_shares
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
