-- A post goes with all that answers it: so its author takes it away while nobody else has
-- answered, nor reported any of it; what was answered can be made a draft, and the answers
-- stay. What is reported stays in sight of administrators until they have decided.
-- SECURITY DEFINER: the author does not see the answers that wait, nor the reports.
CREATE OR REPLACE FUNCTION private.only_own_words()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $function$
DECLARE
    gone uuid[] := ARRAY[OLD.id];
BEGIN
    IF TG_OP = 'DELETE' THEN
        gone := ARRAY(
            WITH RECURSIVE thread AS (
                SELECT OLD.id
                UNION
                SELECT p.id FROM marketplace.posts AS p JOIN thread AS t ON p.parent_id = t.id
            )
            SELECT t.id FROM thread AS t
        );
    END IF;
    IF EXISTS (
        SELECT FROM marketplace.content_reports AS r
        WHERE r.post_id = ANY (gone) AND r.status = 'open'
    ) THEN
        RAISE EXCEPTION 'post % is reported, and stays until that is decided', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME,
            HINT = 'Make it pending: only administrators see it then.';
    END IF;
    IF EXISTS (
        SELECT FROM marketplace.posts AS p
        WHERE p.id = ANY (gone) AND p.author_id IS DISTINCT FROM OLD.author_id
    ) THEN
        RAISE EXCEPTION 'post % was answered by others, and stays', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME,
            HINT = 'Make it a draft: nobody else sees it then.';
    END IF;
    RETURN coalesce(NEW, OLD);
END
$function$
