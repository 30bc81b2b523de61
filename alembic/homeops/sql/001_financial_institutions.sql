-- Banks, brokers and services that accounts are kept at or fetched through
CREATE TABLE financial.institutions (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    name TEXT NOT NULL,  -- Name of the institution
    type TEXT NOT NULL,  -- bank, credit_union, broker, exchange, insurer, aggregator or other
    website TEXT,  -- Address of its web site
    api_config JSONB NOT NULL DEFAULT '{}',  -- How to talk to it; closed to the API, no secrets
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT institutions_pkey PRIMARY KEY (id),
    CONSTRAINT institutions_name_type_key UNIQUE (name, type),
    CONSTRAINT institutions_name_check CHECK (length(name) > 0),
    CONSTRAINT institutions_type_check CHECK (
        type IN ('bank', 'credit_union', 'broker', 'exchange', 'insurer', 'aggregator', 'other')
    )
);

CREATE POLICY "Members see institutions" ON financial.institutions FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE TRIGGER touch_institutions BEFORE UPDATE ON financial.institutions
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
