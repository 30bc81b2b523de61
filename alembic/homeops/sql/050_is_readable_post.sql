-- Whether the request may see a post. SECURITY DEFINER: the policy of posts calls it, and
-- would call itself without an end.
CREATE OR REPLACE FUNCTION private.is_readable_post(post uuid)
RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $function$
BEGIN
    RETURN EXISTS (
        SELECT FROM marketplace.posts AS p
        WHERE p.id = post AND (
            p.author_id = auth.uid() OR (p.status = 'visible' AND private.is_member())
            OR (p.status <> 'draft' AND private.is_admin())
        )
    );
END
$function$
