-- What is offered in the marketplace, one row an offer
CREATE TABLE marketplace.listings (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    creator_id UUID NOT NULL,  -- Who offers it; cannot go while there are offers
    slug TEXT NOT NULL,  -- Name in addresses, unique for the creator
    kind TEXT NOT NULL,  -- automation, dashboard, playlist, guide, device or service
    title TEXT NOT NULL,  -- Title shown to buyers
    description TEXT NOT NULL,  -- What one gets, for buyers
    tags TEXT[] NOT NULL DEFAULT '{}',  -- Words to find it by, in lower case
    price NUMERIC(15, 2) NOT NULL,  -- Price of one; 0 is free
    currency TEXT NOT NULL DEFAULT 'USD',  -- ISO 4217 code of the price
    stock INTEGER,  -- How many are left; NULL: it can be sold without end
    status TEXT NOT NULL DEFAULT 'draft',  -- draft, in_review, published, rejected or withdrawn
    published_at TIMESTAMPTZ,  -- When it was first to be had; NULL: not yet
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT listings_pkey PRIMARY KEY (id),
    CONSTRAINT listings_creator_slug_key UNIQUE (creator_id, slug),
    CONSTRAINT fk_listings_creator FOREIGN KEY (creator_id)
        REFERENCES marketplace.creators (id),
    CONSTRAINT listings_slug_check CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,79}$'),
    CONSTRAINT listings_kind_check
        CHECK (kind IN ('automation', 'dashboard', 'playlist', 'guide', 'device', 'service')),
    CONSTRAINT listings_title_check CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT listings_description_check CHECK (length(description) <= 100000),
    CONSTRAINT listings_tags_check CHECK (
        cardinality(tags) <= 20 AND array_position(tags, NULL) IS NULL
        AND length(array_to_string(tags, ',')) <= 1000
        AND array_to_string(tags, ',') = lower(array_to_string(tags, ','))
    ),
    CONSTRAINT listings_price_check CHECK (price >= 0 AND price <> 'NaN'),
    CONSTRAINT listings_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT listings_stock_check CHECK (stock >= 0),
    CONSTRAINT listings_status_check
        CHECK (status IN ('draft', 'in_review', 'published', 'rejected', 'withdrawn')),
    CONSTRAINT listings_published_check CHECK (status <> 'published' OR published_at IS NOT NULL)
);

-- The shop's window: what is new of a kind.
CREATE INDEX idx_listings_window
    ON marketplace.listings (kind, published_at DESC) WHERE status = 'published';

CREATE INDEX idx_listings_tags ON marketplace.listings USING gin (tags);

-- The moderators' queue.
CREATE INDEX idx_listings_in_review
    ON marketplace.listings (updated_at) WHERE status = 'in_review';

-- What was bought stays visible to who bought it.
CREATE POLICY "Members see what is offered" ON marketplace.listings
    FOR SELECT TO authenticated
    USING ((status = 'published' AND (SELECT private.is_member()))
        OR creator_id = ANY (ARRAY(SELECT c.id FROM marketplace.creators AS c WHERE c.user_id = (SELECT auth.uid())))
        OR id = ANY ((SELECT private.bought_listings())::uuid[])
        OR (SELECT private.is_admin()));

CREATE POLICY "Creators add offers" ON marketplace.listings FOR INSERT TO authenticated
    WITH CHECK (creator_id = ANY (ARRAY(SELECT c.id FROM marketplace.creators AS c WHERE c.user_id = (SELECT auth.uid()))) AND status IN ('draft', 'in_review'));

-- What a creator changes is looked at again before it is on sale.
CREATE POLICY "Creators change offers, administrators decide" ON marketplace.listings
    FOR UPDATE TO authenticated
    USING (creator_id = ANY (ARRAY(SELECT c.id FROM marketplace.creators AS c WHERE c.user_id = (SELECT auth.uid()))) OR (SELECT private.is_admin()))
    WITH CHECK ((creator_id = ANY (ARRAY(SELECT c.id FROM marketplace.creators AS c WHERE c.user_id = (SELECT auth.uid()))) AND status IN ('draft', 'in_review', 'withdrawn'))
        OR (SELECT private.is_admin()));

CREATE POLICY "Creators remove offers" ON marketplace.listings FOR DELETE TO authenticated
    USING (creator_id = ANY (ARRAY(SELECT c.id FROM marketplace.creators AS c WHERE c.user_id = (SELECT auth.uid()))));

CREATE TRIGGER listings_made_now BEFORE INSERT ON marketplace.listings
    FOR EACH ROW WHEN (current_user = 'authenticated') EXECUTE FUNCTION private.made_now();

CREATE TRIGGER listings_published BEFORE INSERT OR UPDATE ON marketplace.listings
    FOR EACH ROW WHEN (current_user = 'authenticated') EXECUTE FUNCTION private.published();

CREATE TRIGGER listings_only_decided BEFORE UPDATE ON marketplace.listings
    FOR EACH ROW WHEN (current_user = 'authenticated') EXECUTE FUNCTION private.only_decides();

CREATE TRIGGER listings_place BEFORE UPDATE ON marketplace.listings
    FOR EACH ROW WHEN (current_user = 'authenticated')
    EXECUTE FUNCTION private.only_changes(
        'slug', 'kind', 'title', 'description', 'tags', 'price', 'currency', 'stock',
        'status', 'published_at', 'updated_at'
    );

CREATE TRIGGER touch_listings BEFORE UPDATE ON marketplace.listings
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
