-- What gives a sequence of this name the grants and the comment that this one has. By its
-- name: another sequence has it by then.
CREATE OR REPLACE FUNCTION migrations.sequence_rights(sequence regclass)
RETURNS SETOF text LANGUAGE sql STABLE SET search_path = '' AS $$
    SELECT format('REVOKE ALL ON SEQUENCE %s FROM PUBLIC%s', sequence, (
        -- What default privileges have given the other one.
        SELECT string_agg(DISTINCT ', ' || d.grantee::regrole::text, '')
        FROM pg_catalog.pg_default_acl AS f, aclexplode(f.defaclacl) AS d
        WHERE f.defaclobjtype = 'S' AND d.grantee NOT IN (0, c.relowner)))
    FROM pg_catalog.pg_class AS c WHERE c.oid = sequence
    UNION ALL
    SELECT concat_ws(' ', 'GRANT', g.privilege_type, 'ON SEQUENCE', sequence, 'TO',
        CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END,
        CASE WHEN g.is_grantable THEN 'WITH GRANT OPTION' END)
    FROM pg_catalog.pg_class AS c, aclexplode(c.relacl) AS g
    WHERE c.oid = sequence AND g.grantee <> c.relowner
    UNION ALL
    SELECT format('COMMENT ON SEQUENCE %s IS %L', sequence,
        obj_description(sequence, 'pg_class'))
    WHERE obj_description(sequence, 'pg_class') IS NOT NULL
$$
