-- Vectors of messages, to find those that mean the same, one row a message and model; written by the service
CREATE TABLE ai.message_embeddings (
    message_id UUID NOT NULL,  -- Message; the row goes with it
    model_id UUID NOT NULL,  -- What made the vector; cannot go while there are vectors of it
    dimension INTEGER NOT NULL DEFAULT 384,  -- Numbers of the vector, as the model's
    user_id UUID NOT NULL,  -- Whose message it is; always the same as there
    embedding extensions.vector(384) NOT NULL,  -- The vector
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),  -- When the row was made
    CONSTRAINT message_embeddings_pkey PRIMARY KEY (message_id, model_id),
    CONSTRAINT fk_message_embeddings_message FOREIGN KEY (message_id, user_id)
        REFERENCES ai.messages (id, user_id) ON DELETE CASCADE,
    CONSTRAINT fk_message_embeddings_model FOREIGN KEY (model_id, dimension)
        REFERENCES ai.embedding_models (id, dimension),
    CONSTRAINT message_embeddings_dimension_check CHECK (dimension = 384),
    CONSTRAINT message_embeddings_direction_check
        CHECK (extensions.vector_norm(embedding) > 0)
);

CREATE INDEX idx_message_embeddings_message
    ON ai.message_embeddings (message_id, user_id);

CREATE INDEX idx_message_embeddings_model
    ON ai.message_embeddings (model_id, dimension);

-- Both ways to the nearest of one person: all of theirs compared, or the graph of all.
CREATE INDEX idx_message_embeddings_user ON ai.message_embeddings (user_id, model_id);

CREATE INDEX idx_message_embeddings_nearest
    ON ai.message_embeddings USING hnsw (embedding extensions.vector_cosine_ops);

CREATE POLICY "Users see vectors of their messages" ON ai.message_embeddings
    FOR SELECT TO authenticated
    USING ((SELECT auth.uid()) = user_id);
