-- What somebody else has put into the schema keeps it there.
DO $schema$
BEGIN
    DROP SCHEMA IF EXISTS marketplace;
EXCEPTION WHEN dependent_objects_still_exist THEN
    RAISE WARNING 'schema marketplace is not empty, and stays';
END
$schema$
