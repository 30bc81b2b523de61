-- Works that the caller may see, the most like a given one first; not that one itself. The
-- index is scanned on until enough are found that are in a library open to the caller.
CREATE OR REPLACE FUNCTION ai.similar_items(
    work uuid, most integer DEFAULT 10, model text DEFAULT 'all-MiniLM-L6-v2'
)
RETURNS TABLE (item_id uuid, title text, distance double precision)
LANGUAGE plpgsql STABLE SET search_path = '' SET plan_cache_mode = 'force_custom_plan'
SET hnsw.iterative_scan = 'relaxed_order' SET hnsw.ef_search = '200'
AS $function$
DECLARE
    made_by CONSTANT uuid := (SELECT m.id FROM ai.embedding_models AS m WHERE m.name = model);
    target CONSTANT real[] := (
        SELECT e.embedding::real[] FROM ai.item_embeddings AS e
        WHERE e.item_id = work AND e.model_id = made_by
    );
BEGIN
    RETURN QUERY
    SELECT i.id, i.title, n.distance
    FROM (
        SELECT e.item_id, e.embedding OPERATOR(extensions.<=>) target::extensions.vector AS distance
        FROM ai.item_embeddings AS e
        WHERE e.model_id = made_by AND e.item_id <> work
        ORDER BY e.embedding OPERATOR(extensions.<=>) target::extensions.vector
        LIMIT most
    ) AS n
    JOIN media.items AS i ON i.id = n.item_id
    ORDER BY n.distance, i.id;
END
$function$
