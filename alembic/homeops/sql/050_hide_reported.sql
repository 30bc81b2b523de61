-- Hides a post or a review that several people have reported, until an administrator has
-- looked: it waits again, and who decides dismisses the reports. SECURITY DEFINER: who
-- reports sees neither the others' reports, nor may they change what they report. A draft is
-- not reported: administrators would not see it, and could not decide.
CREATE OR REPLACE FUNCTION private.hide_reported()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $function$
DECLARE
    enough CONSTANT numeric := coalesce((
        SELECT (c.value #>> '{}')::numeric FROM core.system_config AS c
        WHERE c.key = 'marketplace.reports_to_hide' AND jsonb_typeof(c.value) = 'number'
    ), 3);
BEGIN
    -- One after the other: two reports at once would each be one too few.
    PERFORM FROM marketplace.posts AS p WHERE p.id = NEW.post_id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM marketplace.posts AS p WHERE p.id = NEW.post_id AND p.status = 'draft'
    ) THEN
        RAISE EXCEPTION 'post % is a draft, and cannot be reported', NEW.post_id
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
    END IF;
    UPDATE marketplace.posts AS p SET status = 'pending'
    WHERE p.id = NEW.post_id AND p.status = 'visible' AND enough <= (
        SELECT count(*) FROM marketplace.content_reports AS r
        WHERE r.post_id = NEW.post_id AND r.status = 'open'
    );
    PERFORM FROM marketplace.reviews AS v WHERE v.id = NEW.review_id FOR NO KEY UPDATE;
    UPDATE marketplace.reviews AS v SET status = 'pending'
    WHERE v.id = NEW.review_id AND v.status = 'visible' AND enough <= (
        SELECT count(*) FROM marketplace.content_reports AS r
        WHERE r.review_id = NEW.review_id AND r.status = 'open'
    );
    RETURN NULL;
END
$function$
