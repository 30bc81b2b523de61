-- Vectors of works in the libraries, to find alike ones and to search by meaning, one row a work and model; written by the service
CREATE TABLE ai.item_embeddings (
    item_id UUID NOT NULL,  -- Work; the row goes with it
    model_id UUID NOT NULL,  -- What made the vector; cannot go while there are vectors of it
    dimension INTEGER NOT NULL DEFAULT 384,  -- Numbers of the vector, as the model's
    source_text TEXT NOT NULL,  -- Text that the vector was made of
    embedding extensions.vector(384) NOT NULL,  -- The vector
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    CONSTRAINT item_embeddings_pkey PRIMARY KEY (item_id, model_id),
    CONSTRAINT fk_item_embeddings_model FOREIGN KEY (model_id, dimension)
        REFERENCES ai.embedding_models (id, dimension),
    CONSTRAINT item_embeddings_dimension_check CHECK (dimension = 384),
    CONSTRAINT item_embeddings_text_check CHECK (length(source_text) > 0),
    CONSTRAINT item_embeddings_direction_check
        CHECK (extensions.vector_norm(embedding) > 0)
);

CREATE INDEX idx_item_embeddings_model ON ai.item_embeddings (model_id, dimension);

CREATE INDEX idx_item_embeddings_nearest
    ON ai.item_embeddings USING hnsw (embedding extensions.vector_cosine_ops);

CREATE POLICY "Members see vectors of works they see" ON ai.item_embeddings
    FOR SELECT TO authenticated
    USING (EXISTS (SELECT FROM media.items AS i WHERE i.id = item_id));
