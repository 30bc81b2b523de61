DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN SELECT definition FROM bench.indexes ORDER BY name LOOP
        EXECUTE statement;
    END LOOP;
END $$;
