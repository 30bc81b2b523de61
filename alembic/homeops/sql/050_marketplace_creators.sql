-- Who offers things in the marketplace, one row a name; those of other households have no user
CREATE TABLE marketplace.creators (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    user_id UUID,  -- Person of this household, core.users.id; NULL for others, and once the person has gone
    handle TEXT NOT NULL,  -- Name in addresses, in lower case
    display_name TEXT NOT NULL,  -- Name shown to buyers
    bio TEXT,  -- What they say of themselves
    status TEXT NOT NULL DEFAULT 'active',  -- active, suspended (sells nothing) or closed
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT creators_pkey PRIMARY KEY (id),
    CONSTRAINT creators_user_key UNIQUE (user_id),
    CONSTRAINT creators_handle_key UNIQUE (handle),
    CONSTRAINT creators_handle_check CHECK (handle ~ '^[a-z0-9][a-z0-9-]{2,29}$'),
    CONSTRAINT creators_display_name_check CHECK (length(display_name) BETWEEN 1 AND 100),
    CONSTRAINT creators_bio_check CHECK (length(bio) <= 10000),
    CONSTRAINT creators_status_check CHECK (status IN ('active', 'suspended', 'closed'))
);

CREATE POLICY "Members see creators" ON marketplace.creators FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE POLICY "Members become creators" ON marketplace.creators FOR INSERT TO authenticated
    WITH CHECK ((SELECT auth.uid()) = user_id AND status = 'active' AND (SELECT private.is_member()));

CREATE POLICY "Creators change what they say" ON marketplace.creators
    FOR UPDATE TO authenticated
    USING ((SELECT auth.uid()) = user_id) WITH CHECK ((SELECT auth.uid()) = user_id);

CREATE TRIGGER touch_creators BEFORE UPDATE ON marketplace.creators
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
