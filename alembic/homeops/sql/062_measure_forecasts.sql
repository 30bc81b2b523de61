-- Writes down how good each model was at each metric, so many steps ahead, by all points
-- whose actual value is known; returns how many rows. Repeated, it measures anew.
CREATE OR REPLACE FUNCTION ai.measure_forecasts()
RETURNS bigint LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
    measured bigint;
BEGIN
    -- One after the other, so that the last one counts what the others may have missed.
    PERFORM pg_advisory_xact_lock(
        'pg_class'::regclass::oid::integer, 'ai.forecast_accuracies'::regclass::oid::integer
    );
    INSERT INTO ai.forecast_accuracies AS a (
        model_id, metric, horizon, point_count, mean_error, mean_absolute_error, coverage,
        measured_at
    )
    SELECT f.model_id, f.metric, p.horizon, count(*), round(avg(p.value - p.actual), 4),
        round(avg(abs(p.value - p.actual)), 4),
        round(avg((p.actual BETWEEN p.lower_bound AND p.upper_bound)::int), 6), now()
    FROM ai.forecast_points AS p
    JOIN ai.forecasts AS f ON f.id = p.forecast_id
    WHERE p.actual IS NOT NULL
    GROUP BY f.model_id, f.metric, p.horizon
    ON CONFLICT (model_id, metric, horizon) DO UPDATE
    SET point_count = EXCLUDED.point_count, mean_error = EXCLUDED.mean_error,
        mean_absolute_error = EXCLUDED.mean_absolute_error, coverage = EXCLUDED.coverage,
        measured_at = EXCLUDED.measured_at;
    GET DIAGNOSTICS measured = ROW_COUNT;
    RETURN measured;
END
$function$
