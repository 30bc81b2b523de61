-- The name of what is built beside the thing called this, until they change places.
CREATE OR REPLACE FUNCTION migrations.spare_name(taken name) RETURNS name
LANGUAGE sql IMMUTABLE SET search_path = '' AS $$
    SELECT (left(taken, 8) || '_spare_' || left(md5(taken), 12))::name
$$
