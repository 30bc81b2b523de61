-- Where there is TimescaleDB, readings are kept in chunks of time. The BRIN index stays:
-- so the schema has the same objects with and without it.
DO $hypertable$
DECLARE
    home text := (
        SELECT n.nspname FROM pg_catalog.pg_extension AS e
        JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
        WHERE e.extname = 'timescaledb'
    );
BEGIN
    IF home IS NOT NULL THEN
        EXECUTE format(
            'SELECT %I.create_hypertable(%L::regclass, %L::name, '
            'create_default_indexes => false)',
            home, 'smart_home.device_readings', 'recorded_at'
        );
    END IF;
END
$hypertable$
