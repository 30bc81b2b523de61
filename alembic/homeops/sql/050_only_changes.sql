-- Lets those columns change that the trigger names, and nothing else; where it fires on
-- INSERT or DELETE, no row comes or goes. The owner of the table may: seeds, imports and
-- repairs, and what foreign keys do when somebody goes.
CREATE OR REPLACE FUNCTION private.only_changes()
RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
    refused text := 'row';
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT string_agg(n.key, ', ' ORDER BY n.key) INTO refused
        FROM jsonb_each(to_jsonb(NEW)) AS n
        WHERE n.key <> ALL (coalesce(TG_ARGV, '{}')) AND n.value IS DISTINCT FROM to_jsonb(OLD) -> n.key;
    END IF;
    IF refused IS NOT NULL AND NOT pg_has_role(current_user, (
        SELECT c.relowner FROM pg_catalog.pg_class AS c WHERE c.oid = TG_RELID
    ), 'USAGE') THEN
        RAISE EXCEPTION '%.%: % cannot be written by %', TG_TABLE_SCHEMA, TG_TABLE_NAME,
            refused, current_user
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN coalesce(NEW, OLD);
END
$function$
