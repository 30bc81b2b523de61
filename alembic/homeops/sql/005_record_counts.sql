-- Before and after a migration: how many rows each table has, and the latest of them.
CREATE OR REPLACE FUNCTION core.record_counts()
RETURNS TABLE (table_name text, total_records bigint, latest_record timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS $function$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT c.oid::regclass::text AS name, EXISTS (
            SELECT FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attname = 'created_at' AND NOT a.attisdropped
                AND a.atttypid = 'timestamptz'::regtype
        ) AS dated
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('core', 'financial', 'media', 'smart_home', 'marketplace', 'ai')
            AND c.relkind IN ('r', 'p')
        ORDER BY 1
    LOOP
        RETURN QUERY EXECUTE format(
            'SELECT %L::text, count(*), %s FROM %s', item.name,
            CASE WHEN item.dated THEN 'max(created_at)' ELSE 'NULL::timestamptz' END,
            item.name
        );
    END LOOP;
END
$function$
