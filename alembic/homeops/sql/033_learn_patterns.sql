-- Looks for habits in what people switched in the weeks up to a day; returns how many it
-- found. What people decided stays as they decided; what no longer shows fades.
CREATE OR REPLACE FUNCTION smart_home.learn_patterns(day date)
RETURNS bigint LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
    found_now bigint;
    zone CONSTANT text := coalesce(
        (SELECT c.value #>> '{}' FROM core.system_config AS c WHERE c.key = 'system.timezone'),
        'UTC'
    );
    days CONSTANT integer := coalesce((
        SELECT (c.value #>> '{}')::integer FROM core.system_config AS c
        WHERE c.key = 'smart_home.learning_days'
    ), 28);
    min_days CONSTANT integer := coalesce((
        SELECT (c.value #>> '{}')::integer FROM core.system_config AS c
        WHERE c.key = 'smart_home.learning_min_days'
    ), 3);
    sure CONSTANT numeric := coalesce((
        SELECT (c.value #>> '{}')::numeric FROM core.system_config AS c
        WHERE c.key = 'smart_home.learning_confidence'
    ), 0.6);
BEGIN
    -- One after the other, so that the last one counts what the others may have missed.
    PERFORM pg_advisory_xact_lock(
        'pg_class'::regclass::oid::integer, 'smart_home.learned_patterns'::regclass::oid::integer
    );
    WITH acts AS (
        SELECT a.device_id, a.attribute, a.new_value, a.occurred_at AT TIME ZONE zone AS local
        FROM smart_home.device_actions AS a
        WHERE a.cause = 'person'
            AND a.occurred_at >= (day - days + 1)::timestamp AT TIME ZONE zone
            AND a.occurred_at < (day + 1)::timestamp AT TIME ZONE zone
    ), kinds AS (
        SELECT CASE WHEN extract(isodow FROM d) < 6 THEN 'weekday' ELSE 'weekend' END AS day_type,
            count(*) AS of_this_kind
        FROM generate_series((day - days + 1)::timestamp, day::timestamp, interval '1 day') AS d
        GROUP BY 1
    ), habits AS (
        -- A habit is known by its half hour: it stays the same one while its times waver.
        SELECT acts.device_id, acts.attribute, acts.new_value, kinds.day_type,
            date_bin('30 minutes', acts.local, timestamp '2000-01-01')::time AS around,
            round(stddev_pop(extract(epoch FROM acts.local::time)))::integer AS spread_s,
            count(DISTINCT acts.local::date)::integer AS support_count,
            round(count(DISTINCT acts.local::date)::numeric / kinds.of_this_kind, 6) AS confidence,
            max(acts.local::date) AS last_seen_on
        FROM acts
        JOIN kinds ON kinds.day_type
            = CASE WHEN extract(isodow FROM acts.local) < 6 THEN 'weekday' ELSE 'weekend' END
        GROUP BY 1, 2, 3, 4, 5, kinds.of_this_kind
        HAVING count(DISTINCT acts.local::date) >= min_days
    )
    INSERT INTO smart_home.learned_patterns AS p (
        device_id, attribute, value, day_type, around, spread_s, support_count, confidence,
        last_seen_on, status
    )
    SELECT h.device_id, h.attribute, h.new_value, h.day_type, h.around, h.spread_s,
        h.support_count, h.confidence, h.last_seen_on,
        CASE WHEN h.confidence >= sure THEN 'suggested' ELSE 'candidate' END
    FROM habits AS h
    ON CONFLICT (device_id, attribute, value, day_type, around) DO UPDATE
    SET spread_s = EXCLUDED.spread_s, support_count = EXCLUDED.support_count,
        confidence = EXCLUDED.confidence, last_seen_on = EXCLUDED.last_seen_on,
        status = CASE WHEN p.status IN ('accepted', 'rejected') THEN p.status
            ELSE EXCLUDED.status END;
    GET DIAGNOSTICS found_now = ROW_COUNT;

    UPDATE smart_home.learned_patterns AS p SET status = 'faded'
    WHERE p.status IN ('candidate', 'suggested') AND p.last_seen_on <= day - days;
    RETURN found_now;
END
$function$
