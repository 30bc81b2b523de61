-- Ids that follow from the names: a model is the same one in every environment.
INSERT INTO ai.embedding_models (id, name, provider, dimension)
SELECT md5('ai.embedding_models ' || name)::uuid, name, provider, dimension
FROM (VALUES ('all-MiniLM-L6-v2', 'local', 384)) AS model (name, provider, dimension)
ON CONFLICT (name) DO NOTHING
