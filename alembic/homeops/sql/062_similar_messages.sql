-- Messages that the caller may see, the nearest to a vector first. Measured with 8000
-- vectors of four people: a scan of the index looks at the nearest 40 of everybody, then at
-- whose they are, and finds 0 to 10 % of the nearest of somebody who wrote little; going on
-- (iterative_scan, relaxed) it finds 63 to 100 %, and takes longer than to compare all 800,
-- which misses none. So the index is for who has more vectors than exact_up_to.
CREATE OR REPLACE FUNCTION ai.similar_messages(
    target real[], most integer DEFAULT 10, model text DEFAULT 'all-MiniLM-L6-v2',
    exact_up_to integer DEFAULT 20000
)
RETURNS TABLE (message_id uuid, conversation_id uuid, content text, distance double precision)
LANGUAGE plpgsql STABLE SET search_path = '' SET plan_cache_mode = 'force_custom_plan'
SET hnsw.iterative_scan = 'relaxed_order' SET hnsw.ef_search = '200'
AS $function$
DECLARE
    made_by CONSTANT uuid := (SELECT m.id FROM ai.embedding_models AS m WHERE m.name = model);
    visible CONSTANT bigint := (
        SELECT count(*) FROM (
            SELECT FROM ai.message_embeddings AS e
            WHERE e.model_id = made_by LIMIT exact_up_to + 1
        ) AS found
    );
BEGIN
    IF visible <= exact_up_to THEN
        RETURN QUERY
        WITH compared AS MATERIALIZED (
            SELECT e.message_id, e.embedding OPERATOR(extensions.<=>) target::extensions.vector AS distance
            FROM ai.message_embeddings AS e
            WHERE e.model_id = made_by
        ),
        nearest AS MATERIALIZED (
            SELECT c.message_id, c.distance FROM compared AS c
            ORDER BY c.distance, c.message_id LIMIT most
        )
        SELECT m.id, m.conversation_id, m.content, n.distance
        FROM nearest AS n JOIN ai.messages AS m ON m.id = n.message_id
        ORDER BY n.distance, m.id;
    ELSE
        RETURN QUERY
        WITH nearest AS MATERIALIZED (
            SELECT e.message_id, e.embedding OPERATOR(extensions.<=>) target::extensions.vector AS distance
            FROM ai.message_embeddings AS e
            WHERE e.model_id = made_by
            ORDER BY e.embedding OPERATOR(extensions.<=>) target::extensions.vector
            LIMIT most
        )
        SELECT m.id, m.conversation_id, m.content, n.distance
        FROM nearest AS n JOIN ai.messages AS m ON m.id = n.message_id
        ORDER BY n.distance, m.id;
    END IF;
END
$function$
