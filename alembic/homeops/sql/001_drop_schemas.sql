-- What somebody else has put into a schema keeps it there.
DO $schemas$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['smart_home', 'media', 'financial', 'core', 'private'] LOOP
        BEGIN
            EXECUTE format('DROP SCHEMA IF EXISTS %I', name);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            RAISE WARNING 'schema % is not empty, and stays', name;
        END;
    END LOOP;
END
$schemas$
