-- What turns text into vectors, one row a model; vectors of different models do not compare
CREATE TABLE ai.embedding_models (
    id UUID NOT NULL DEFAULT gen_random_uuid(),  -- Row id, given by the server
    name TEXT NOT NULL,  -- Name with its version, as its maker writes it
    provider TEXT NOT NULL,  -- Who runs it: local, or the name of a service
    dimension INTEGER NOT NULL,  -- Numbers of a vector; the tables of vectors hold 384
    is_active BOOLEAN NOT NULL DEFAULT true,  -- Whether new vectors are made with it
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row last changed, set by a trigger
    CONSTRAINT embedding_models_pkey PRIMARY KEY (id),
    CONSTRAINT embedding_models_name_key UNIQUE (name),
    CONSTRAINT embedding_models_dimension_key UNIQUE (id, dimension),
    CONSTRAINT embedding_models_name_check CHECK (length(name) > 0),
    CONSTRAINT embedding_models_provider_check CHECK (length(provider) > 0),
    CONSTRAINT embedding_models_dimension_check CHECK (dimension BETWEEN 1 AND 16000)
);

CREATE POLICY "Members see embedding models" ON ai.embedding_models FOR SELECT TO authenticated
    USING ((SELECT private.is_member()));

CREATE TRIGGER touch_embedding_models BEFORE UPDATE ON ai.embedding_models
    FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();
