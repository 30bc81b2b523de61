-- Sums up one day of all meters and prices it by the tariff of that day; returns how many
-- rows it wrote. Repeated, it counts the day anew: readings may come late. One reading
-- without a price leaves the whole cost unknown rather than too low.
CREATE OR REPLACE FUNCTION smart_home.roll_up_energy(day date)
RETURNS bigint LANGUAGE plpgsql SET search_path = '' AS $function$
DECLARE
    written bigint;
    zone CONSTANT text := coalesce(
        (SELECT c.value #>> '{}' FROM core.system_config AS c WHERE c.key = 'system.timezone'),
        'UTC'
    );
    day_start CONSTANT timestamptz := day::timestamp AT TIME ZONE zone;
    day_end CONSTANT timestamptz := (day + 1)::timestamp AT TIME ZONE zone;
    day_kind CONSTANT text :=
        CASE WHEN extract(isodow FROM day) < 6 THEN 'weekday' ELSE 'weekend' END;
BEGIN
    -- One after the other, so that the last one counts what the others may have missed.
    PERFORM pg_advisory_xact_lock(
        'pg_class'::regclass::oid::integer, 'smart_home.energy_days'::regclass::oid::integer
    );
    INSERT INTO smart_home.energy_days AS d (
        device_id, direction, used_on, carrier, quantity, cost, currency, reading_count,
        estimated_count
    )
    SELECT r.device_id, r.direction, day, min(r.carrier), sum(r.quantity),
        CASE WHEN count(p.unit_price) = count(*) THEN
            round(sum(r.quantity * p.unit_price), 2)
            * CASE r.direction WHEN 'export' THEN -1 ELSE 1 END
        END,
        CASE WHEN count(p.unit_price) = count(*) THEN min(p.currency) END,
        count(*), count(*) FILTER (WHERE r.is_estimated)
    FROM smart_home.energy_readings AS r
    LEFT JOIN LATERAL (
        SELECT t.id, t.currency FROM smart_home.tariffs AS t
        WHERE t.carrier = r.carrier AND t.direction = r.direction AND t.valid_from <= day
        ORDER BY t.valid_from DESC LIMIT 1
    ) AS contract ON true
    LEFT JOIN LATERAL (
        SELECT s.unit_price, contract.currency FROM smart_home.tariff_rates AS s
        WHERE s.tariff_id = contract.id AND s.day_type = day_kind
            AND s.starts_at <= (r.started_at AT TIME ZONE zone)::time
        ORDER BY s.starts_at DESC LIMIT 1
    ) AS p ON true
    WHERE r.started_at >= day_start AND r.started_at < day_end
    GROUP BY r.device_id, r.direction
    ON CONFLICT (device_id, direction, used_on) DO UPDATE
    SET carrier = EXCLUDED.carrier, quantity = EXCLUDED.quantity, cost = EXCLUDED.cost,
        currency = EXCLUDED.currency, reading_count = EXCLUDED.reading_count,
        estimated_count = EXCLUDED.estimated_count, computed_at = now();
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$function$
