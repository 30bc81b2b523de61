-- A post goes with all that answers it: so its author takes it away while nobody else has
-- answered, nor reported it; afterwards it can be made a draft, and the answers stay.
-- SECURITY DEFINER: the author does not see the answers that wait, nor the reports.
CREATE OR REPLACE FUNCTION private.only_own_words()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $function$
BEGIN
    IF EXISTS (
        WITH RECURSIVE thread AS (
            SELECT p.id, p.author_id FROM marketplace.posts AS p WHERE p.parent_id = OLD.id
            UNION
            SELECT p.id, p.author_id FROM marketplace.posts AS p
            JOIN thread AS t ON p.parent_id = t.id
        )
        SELECT FROM thread AS t WHERE t.author_id IS DISTINCT FROM OLD.author_id
    ) OR EXISTS (
        SELECT FROM marketplace.content_reports AS r
        WHERE r.post_id = OLD.id AND r.status = 'open'
    ) THEN
        RAISE EXCEPTION 'post % was answered or reported by others, and stays', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME,
            HINT = 'Make it a draft: nobody else sees it then.';
    END IF;
    RETURN OLD;
END
$function$
