-- S14: during the concert (S1) the number of available drivers in the snapshots is ten minutes old.
-- On the control evening it is right.

CREATE TEMP TABLE minute AS
SELECT ping_at, count(*) FILTER (WHERE state = 'available') AS available
FROM driver_pings GROUP BY ping_at;

CREATE TEMP TABLE compared AS
SELECT s.snapshot_at, s.available_drivers AS shown, m.available AS true_now, old.available AS true_before,
       s.snapshot_at >= at_second(getvariable('s1_start_s')) AS concert
FROM surge_snapshots AS s
JOIN minute AS m ON m.ping_at = s.snapshot_at
LEFT JOIN minute AS old ON old.ping_at = s.snapshot_at - INTERVAL 10 MINUTE
WHERE s.city_id = getvariable('s1_city')
  AND ((s.snapshot_at >= at_second(getvariable('s1_start_s'))
        AND s.snapshot_at <= at_second(getvariable('s1_end_s')))
       OR s.snapshot_at < at_second(getvariable('s1_start_s') - 86400));

CREATE TEMP TABLE truth AS
SELECT 10 AS lag_minutes,
       (SELECT max(abs(shown - true_now)) FROM compared WHERE concert) AS largest_error,
       (SELECT count(*) FROM compared WHERE concert AND shown <> true_before) AS snapshots_not_ten_minutes_old,
       -- a snapshot is shown until the next one
       (SELECT count(*) FROM minute AS m
        JOIN surge_snapshots AS s
          ON s.city_id = getvariable('s1_city')
             AND s.snapshot_at = time_bucket(INTERVAL 15 MINUTE, m.ping_at)
        WHERE m.available = 0 AND s.available_drivers > 0
          AND m.ping_at >= at_second(getvariable('s1_start_s'))
          AND m.ping_at <= at_second(getvariable('s1_end_s'))) AS minutes_shown_available_with_none;

CREATE TEMP TABLE naive AS
SELECT (SELECT max(abs(shown - true_now)) FROM compared WHERE NOT concert)
           AS largest_error_on_the_control_evening,
       (SELECT avg(abs(shown - true_now)) FROM compared WHERE concert) AS mean_error;

SELECT promise
FROM truth, naive, (VALUES
    ('every snapshot is ten minutes old', snapshots_not_ten_minutes_old = 0),
    ('it matters', largest_error >= 3),
    ('for some minutes it shows drivers where there are none',
     minutes_shown_available_with_none >= 5),
    ('the control evening is right', largest_error_on_the_control_evening = 0)
) AS promised (promise, holds)
WHERE NOT coalesce(holds, false);
