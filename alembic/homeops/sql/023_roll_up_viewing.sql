-- Sums up one day of everybody's history; returns how many rows it wrote. Repeated, it
-- counts the day anew: sessions are still being written when the day has just ended.
CREATE OR REPLACE FUNCTION media.roll_up_viewing(day date)
RETURNS bigint LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
    written bigint;
    zone CONSTANT text := coalesce(
        (SELECT c.value #>> '{}' FROM core.system_config AS c WHERE c.key = 'system.timezone'),
        'UTC'
    );
    day_start CONSTANT timestamptz := day::timestamp AT TIME ZONE zone;
    day_end CONSTANT timestamptz := (day + 1)::timestamp AT TIME ZONE zone;
BEGIN
    -- One after the other, so that the last one counts what the others may have missed.
    PERFORM pg_advisory_xact_lock(
        'pg_class'::regclass::oid::integer, 'media.viewing_days'::regclass::oid::integer
    );
    -- What was removed from the history since is no longer counted either.
    DELETE FROM media.viewing_days AS d
    WHERE d.viewed_on = day AND NOT EXISTS (
        SELECT FROM media.viewing_history AS h JOIN media.items AS i ON i.id = h.item_id
        WHERE h.user_id = d.user_id AND i.type = d.item_type
            AND h.started_at >= day_start AND h.started_at < day_end
    );
    INSERT INTO media.viewing_days AS d (
        user_id, viewed_on, item_type, session_count, item_count, watched_s,
        completed_count
    )
    SELECT h.user_id, day, i.type, count(*), count(DISTINCT h.item_id), sum(h.watched_s),
        count(*) FILTER (WHERE h.is_completed)
    FROM media.viewing_history AS h
    JOIN media.items AS i ON i.id = h.item_id
    WHERE h.started_at >= day_start AND h.started_at < day_end
    GROUP BY h.user_id, i.type
    ON CONFLICT (user_id, viewed_on, item_type) DO UPDATE
    SET session_count = EXCLUDED.session_count, item_count = EXCLUDED.item_count,
        watched_s = EXCLUDED.watched_s, completed_count = EXCLUDED.completed_count,
        computed_at = now();
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$function$
